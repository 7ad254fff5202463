/** Shows a run while it goes: a live list on a terminal, plain lines elsewhere. CLI. */

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
  const rows = new Map(ids.map((id) => [id, makeRow(id)]));
  const list = new Listr(
    [...rows].map(([id, row]) => ({ title: id, task: (_context, task) => row.shownBy(task) })),
    { registerSignalListeners: false },
  );
  const listed = list.run().catch(() => {});
  const hear = (event: Event) => {
    const row = "stage" in event ? rows.get(event.stage) : undefined;
    if (row !== undefined) tell(row, event);
  };
  const close = async () => {
    for (const row of rows.values()) row.end(new Error("not finished"));
    await listed;
  };
  return { hear, close };
}

/** The part of a list entry that changes. */
interface Shown {
  title: string | undefined;
  output: string;
}

interface Row {
  line: ReturnType<typeof progressLine>;
  readonly show: (change: Partial<Shown>) => void;
  /** Ends the row, with an error when its stage did not finish; later calls change nothing. */
  readonly end: (error?: Error) => void;
  /** Attaches the list entry, which may appear after the first events; gives the row's end. */
  readonly shownBy: (entry: Shown) => Promise<void>;
}

function makeRow(id: string): Row {
  const state: Partial<Shown> = {};
  const target: { entry: Shown | undefined } = { entry: undefined };
  const { promise, resolve, reject } = withResolvers();
  return {
    line: progressLine(),
    show: ({ title, output }) => {
      if (title !== undefined) state.title = `${id}  ${title}`;
      if (output !== undefined) state.output = output;
      if (target.entry !== undefined) Object.assign(target.entry, state);
    },
    end: (error) => (error === undefined ? resolve() : reject(error)),
    shownBy: (entry) => {
      target.entry = Object.assign(entry, state);
      return promise;
    },
  };
}

function withResolvers() {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // A row the list never reached is not waited for; its end is no failure of the program.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function tell(row: Row, event: Event): void {
  if (event._tag === "StageStarted" || event._tag === "StageResumed") row.line = progressLine();
  const change = changeBy(row, event);
  if (change !== undefined) row.show(change);
  if (event._tag === "StageCached" || event._tag === "StageDone") row.end();
  // The list shows an error in place of the title, so the error names the stage.
  if (event._tag === "StageFailed") row.end(new Error(`${event.stage}  ${event.error}`));
  if (event._tag === "StageInterrupted") row.end(new Error(`${event.stage}  interrupted`));
}

function changeBy(row: Row, event: Event): Partial<Shown> | undefined {
  switch (event._tag) {
    case "StageProgress":
      return { output: row.line(event) };
    case "StageNote":
      return { output: event.text };
    case "StageRetried":
      return { output: `tries again: ${event.error}` };
    case "StageCached":
      return { title: "stored" };
    case "StageDone":
      return { title: `done in ${duration(event.seconds)}` };
    default:
      return undefined;
  }
}
