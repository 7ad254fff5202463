/** Shows a run while it goes, in plain lines: for logs and pipes. CLI. */

import { duration } from "../core/duration.ts";
import type { Event } from "../runtime/events.ts";
import { progressLine } from "./progress.ts";

/** Hears a run's events and shows them; close it when the run has ended, however it ended. */
export interface Reporter {
  readonly hear: (event: Event) => void;
  readonly close: () => Promise<void>;
}

const everySteps = 25;
const everyMs = 10_000;

/** Writes lines to `write`: stages as they start and end, progress every 25 steps or 10 s. */
export function plainReporter(
  write: (line: string) => void,
  now: () => number = performance.now.bind(performance),
): Reporter {
  let line = progressLine(now);
  let last = { at: now(), step: 0 };
  const due = (step: number, total: number) =>
    step >= total || step - last.step >= everySteps || now() - last.at >= everyMs;
  const hear = (event: Event) => {
    if (event._tag === "StageStarted" || event._tag === "StageResumed") {
      line = progressLine(now);
      last = { at: now(), step: event._tag === "StageResumed" ? event.step : 0 };
    }
    if (event._tag === "StageProgress") {
      const text = line(event);
      if (!due(event.step, event.total)) return;
      last = { at: now(), step: event.step };
      write(`${event.stage}  ${text}`);
      return;
    }
    const text = sentence(event);
    if (text !== undefined) write(text);
  };
  return { hear, close: async () => {} };
}

/** Why and when a stage is tried again. */
export function retryText({
  reason,
  delaySeconds = 0,
  error,
}: Extract<Event, { readonly _tag: "StageRetried" }>): string {
  const wait = delaySeconds === 0 ? "" : ` in ${duration(delaySeconds)}`;
  return `tries again${wait}${reason === undefined ? "" : ` after ${reason}`}: ${error}`;
}

/** What an event other than progress says, if it is worth a line. */
function sentence(event: Event): string | undefined {
  switch (event._tag) {
    case "StageCached":
      return `${event.stage}  stored`;
    case "StageStarted":
      return `${event.stage}  started${event.attempt > 1 ? ` (attempt ${event.attempt})` : ""}`;
    case "StageResumed":
      return `${event.stage}  resumed after step ${event.step}`;
    case "StageNote":
      return `${event.stage}  ${event.text}`;
    case "StageRetried":
      return `${event.stage}  ${retryText(event)}`;
    case "StageDone":
      return `${event.stage}  done in ${duration(event.seconds)}`;
    default:
      return undefined;
  }
}
