/** Shows a run while it goes, as a list of its stages that changes in place: for terminals. CLI. */
import { writeSync } from "node:fs";
import { EOL } from "node:os";
import { duration } from "../core/duration.ts";
import type { Event } from "../runtime/events.ts";
import { progressLines } from "./progress.ts";
import { type Reporter, retryText } from "./reporter.ts";

/** What the list puts before a line below a stage: the indentation, the pointer, and room at the end. */
const margin = 8;
const width = () => (process.stdout.columns ?? 80) - margin;

/** A live list of the stages `ids` on the terminal. */
export async function terminalReporter(ids: ReadonlyArray<string>): Promise<Reporter> {
  const { Listr } = await import("listr2");
  const rows = new Map(ids.map((id) => [id, makeRow(id)]));
  const list = new Listr(
    [...rows].map(([id, row]) => ({
      title: id,
      task: (_context, task) => row.shownBy(task),
      rendererOptions: { persistentOutput: true },
    })),
    { registerSignalListeners: false },
  );
  const listed = list.run().catch(() => {});
  const unwatch = watchSignals([...rows.values()]);
  const hear = (event: Event) => {
    const row = "stage" in event ? rows.get(event.stage) : undefined;
    if (row !== undefined) tell(row, event);
  };
  const close = async () => {
    unwatch();
    for (const row of rows.values()) row.end(new Error("not finished"));
    await listed;
  };
  return { hear, close };
}

/**
 * While the list is shown, all other output waits for its end: so the list itself must answer a
 * signal, and give the cursor back when a second one ends the program at once.
 */
function watchSignals(rows: ReadonlyArray<Row>): () => void {
  const onSignal = () => {
    const text = "stopping: saving a checkpoint (Ctrl-C again stops at once)";
    for (const row of rows) if (row.state() === "running") row.show({ title: text });
  };
  const onExit = () => writeSync(process.stdout.fd, showCursor);
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.on("exit", onExit);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off("exit", onExit);
  };
}

const showCursor = "\u001b[?25h";

/** A list entry as listr2 knows it. */
interface Entry {
  title: string | undefined;
  output: string;
}

/** What a row shows after its stage's name, and in the lines below. */
interface Shown {
  readonly title?: string;
  readonly lines?: ReadonlyArray<string>;
}

interface Row {
  /** Sentences of the stage, kept below it to the end. */
  readonly notes: Array<string>;
  progress: ReturnType<typeof progressLines>;
  readonly state: () => "waiting" | "running" | "ended";
  readonly show: (change: Shown) => void;
  /** Ends the row, with an error when its stage did not finish; later calls change nothing. */
  readonly end: (error?: Error) => void;
  /** Attaches the list entry, which may appear after the first events; gives the row's end. */
  readonly shownBy: (entry: Entry) => Promise<void>;
}

function makeRow(id: string): Row {
  const wanted: Partial<Entry> = {};
  let entry: Entry | undefined;
  let ended = false;
  const { promise, resolve, reject } = withResolvers();
  return {
    notes: [],
    progress: progressLines(width),
    state: () => (ended ? "ended" : entry === undefined ? "waiting" : "running"),
    show: ({ title, lines }) => {
      if (title !== undefined) wanted.title = `${id}  ${title}`;
      if (lines !== undefined) wanted.output = lines.join(EOL);
      if (entry !== undefined) Object.assign(entry, wanted);
    },
    end: (error) => {
      ended = true;
      if (error === undefined) resolve();
      else reject(error);
    },
    shownBy: (task) => {
      entry = Object.assign(task, wanted);
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
  if (event._tag === "StageStarted" || event._tag === "StageResumed") {
    row.progress = progressLines(width);
  }
  if (event._tag === "StageNote") row.notes.push(event.text);
  const change = changeBy(row, event);
  if (change !== undefined) row.show(change);
  if (event._tag === "StageCached" || event._tag === "StageDone") row.end();
  // The list shows an error in place of the title, so the error names the stage.
  if (event._tag === "StageFailed") row.end(new Error(`${event.stage}  ${event.error}`));
  if (event._tag === "StageInterrupted") row.end(new Error(`${event.stage}  interrupted`));
}

function changeBy(row: Row, event: Event): Shown | undefined {
  switch (event._tag) {
    case "StageProgress":
      return { lines: [...row.notes, ...row.progress(event)] };
    case "StageResumed":
      return { lines: [...row.notes, `resumed after step ${event.step}`] };
    case "StageNote":
      return { lines: row.notes };
    case "StageRetried":
      return { lines: [...row.notes, retryText(event)] };
    case "StageCached":
      return { title: "stored", lines: row.notes };
    case "StageDone":
      return { title: `done in ${duration(event.seconds)}`, lines: row.notes };
    default:
      return undefined;
  }
}
