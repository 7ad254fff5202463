/** Shows a run while it goes: a live list on a terminal, plain lines elsewhere. CLI. */
import type { Event } from "../runtime/events.ts";
import { progressLine } from "./progress.ts";
import { duration } from "./summary.ts";

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
      return `${event.stage}  tries again: ${event.error}`;
    case "StageDone":
      return `${event.stage}  done in ${duration(event.seconds)}`;
    default:
      return undefined;
  }
}

/** A live list of the stages `ids` on the terminal. */
export async function terminalReporter(ids: ReadonlyArray<string>): Promise<Reporter> {
  const { Listr } = await import("listr2");
  const rows = new Map(ids.map((id) => [id, makeRow()]));
  const list = new Listr(
    ids.map((id) => ({
      title: id,
      task: (_context, task) => {
        const row = rows.get(id)!;
        row.show = (text, place) => {
          task[place] = place === "title" ? `${id}  ${text}` : text;
        };
        row.shown();
        return row.ended;
      },
    })),
    { concurrent: true, exitOnError: false, registerSignalListeners: false },
  );
  const listed = list.run().catch(() => {});
  await Promise.all([...rows.values()].map((row) => row.ready));
  const hear = (event: Event) => {
    const row = "stage" in event ? rows.get(event.stage) : undefined;
    if (row !== undefined) tell(row, event);
  };
  const close = async () => {
    for (const row of rows.values()) row.end();
    await listed;
  };
  return { hear, close };
}

interface Row {
  show: (text: string, place: "title" | "output") => void;
  line: ReturnType<typeof progressLine>;
  readonly shown: () => void;
  readonly ready: Promise<void>;
  readonly end: (error?: Error) => void;
  readonly ended: Promise<void>;
}

function makeRow(): Row {
  let shown: () => void = () => {};
  let end: (error?: Error) => void = () => {};
  const ready = new Promise<void>((resolve) => {
    shown = resolve;
  });
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  return { show: () => {}, line: progressLine(), shown, ready, end, ended };
}

function tell(row: Row, event: Event): void {
  if (event._tag === "StageProgress") row.show(row.line(event), "output");
  else if (event._tag === "StageCached") row.show("stored", "title");
  else if (event._tag === "StageNote") row.show(event.text, "output");
  else if (event._tag === "StageDone") row.show(`done in ${duration(event.seconds)}`, "title");
  else if (event._tag === "StageRetried") row.show(`tries again: ${event.error}`, "output");
  else if (event._tag === "StageStarted" || event._tag === "StageResumed")
    row.line = progressLine();
  if (event._tag === "StageCached" || event._tag === "StageDone") row.end();
  if (event._tag === "StageFailed") row.end(new Error(event.detail));
  if (event._tag === "StageInterrupted") row.end(new Error("interrupted"));
}
