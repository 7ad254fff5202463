/** Runs cells of a study in child processes, which end with this one. CLI. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type CellId, cellText } from "./cells.ts";
import type { StudyJob } from "./job.ts";

/** How a child ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last words that were no events. */
  readonly said: string;
}

/** A cell at work. */
export interface Worker {
  readonly id: CellId;
  readonly ended: Promise<Ended>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** An event of a run, as its process tells it. */
export interface Told {
  readonly _tag: string;
  readonly stage?: string;
  readonly step?: number;
  readonly total?: number;
  readonly seconds?: number;
  readonly text?: string;
  readonly error?: string;
  readonly detail?: string;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Starts a cell; `hear` is told its events. */
export function startCell(
  job: StudyJob,
  engine: string,
  id: CellId,
  hear: (event: Told) => void,
): Worker {
  const { out, stepsScale } = job.args;
  const child = startSelf(job.file, [
    ...["--cell", cellText(id), "--engine", engine],
    ...["--steps-scale", `${stepsScale}`, "--out", out],
  ]);
  const said: Array<string> = [];
  const lines = createInterface({ input: child.stderr! });
  lines.on("line", (line) => {
    const event = eventIn(line);
    if (event === undefined) said.push(line);
    else hear(event);
  });
  child.stdout!.resume();
  const ended = once(child, "close").then(
    ([code, signal]): Ended => ({ code, signal, said: said.slice(-20).join("\n") }),
  );
  return { id, ended, kill: (signal) => void child.kill(signal) };
}

/** Starts the study's file again as it was started, in a process group of its own: signals reach it through here only. */
function startSelf(file: string, argv: ReadonlyArray<string>): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, file, ...argv], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

/** The engine that children would start, by a child of its own: the library would stay in memory here. */
export async function startEngineName(file: string): Promise<string> {
  const child = startSelf(file, ["--cell", "engine"]);
  let [text, errors] = ["", ""];
  child.stdout!.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  child.stderr!.setEncoding("utf8").on("data", (piece: string) => {
    errors += piece;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(errors.trim());
  return text.trim();
}

/** In a child: asks it to stop, with a checkpoint, when the process that started it is gone. */
export function endWithParent(): void {
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // The channel alone must not keep a finished child alive.
  process.channel?.unref();
}

function eventIn(line: string): Told | undefined {
  if (!line.startsWith('{"run":')) return undefined;
  try {
    return (JSON.parse(line) as { readonly event: Told }).event;
  } catch {
    return undefined;
  }
}
