/** Runs what is missing of a study, several cells at one time, until nothing is. CLI. */
import type { ArmMaterial, Cell } from "../../report/study/material.ts";
import { type CellId, cellText, finalCells, tuningCells } from "./cells.ts";
import type { StudyJob } from "./job.ts";
import { teller } from "./progress.ts";
import type { Survey } from "./survey.ts";
import { type Ended, startCell, type Told, type Worker } from "./worker.ts";

/** How it ended: the exit code of a pipeline, 0 also when cells have failed. */
export interface Conducted {
  readonly code: number;
  readonly why: string;
}

/** Cells of a study that can be run now: those that choose settings, and those whose settings are chosen. */
export function openCells(job: StudyJob, arms: ReadonlyArray<ArmMaterial>): ReadonlyArray<CellId> {
  const missing = (ids: ReadonlyArray<CellId>, cells: ReadonlyArray<Cell>) =>
    ids.filter((_, at) => cells[at]!.state === "missing");
  const tuning = arms.flatMap(({ name, candidates }) =>
    missing(
      tuningCells(job.study, name),
      candidates.flatMap(({ tuning }) => tuning),
    ),
  );
  const finals = arms.flatMap(({ name, chosen, finals }) =>
    chosen === null ? [] : missing(finalCells(job.study, name, chosen), finals),
  );
  return [...tuning, ...finals];
}

const again = 2000;
const changed =
  "the code of a stage has changed since this command began; run the same command again";

/** Runs all open cells with `engine`. Ctrl-C lets each child save a checkpoint, a second one ends them at once. */
export async function conduct(
  job: StudyJob,
  survey: Survey,
  engine: string,
  say: (text: string) => void,
): Promise<Conducted> {
  const working = new Map<
    string,
    { readonly worker: Worker; readonly keys: ReadonlySet<string> }
  >();
  const tell = teller(say);
  let stopped: Conducted | undefined;
  const killAll = (signal: NodeJS.Signals) => {
    for (const { worker } of working.values()) worker.kill(signal);
  };
  const stop = (why: Conducted) => {
    if (stopped !== undefined) return;
    stopped = why;
    killAll("SIGINT");
  };
  const onSignal = () => {
    if (stopped !== undefined) return killAll("SIGKILL");
    say("stopping: each run saves a checkpoint (again to stop at once)");
    stop({ code: 130, why: "interrupted; run the same command to go on" });
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    for (;;) {
      const arms = await survey.arms();
      const open = openCells(job, arms).filter((id) => !working.has(cellText(id)));
      if (stopped === undefined) await startSome(open, arms);
      if (working.size === 0) {
        if (stopped !== undefined) return stopped;
        if (open.length === 0) return { code: 0, why: "" };
      }
      // Looking takes a while; only a cell that waits for a stage of another one is worth it.
      const waits = open.some((id) => !working.has(cellText(id)));
      const waiting = waits && working.size < job.args.jobs ? [pause(again)] : [];
      await Promise.race([...[...working.values()].map(({ worker }) => worker.ended), ...waiting]);
    }
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }

  /** Two cells that share a stage which is not stored yet wait for each other. */
  async function startSome(open: ReadonlyArray<CellId>, arms: ReadonlyArray<ArmMaterial>) {
    for (const id of open) {
      if (working.size >= job.args.jobs) return;
      const keys = new Set(await survey.keysToRun(id));
      const shared = [...working.values()].some((one) =>
        [...keys].some((key) => one.keys.has(key)),
      );
      if (shared) continue;
      let failure: Told | undefined;
      const worker = startCell(job, engine, id, (event) => {
        if (event._tag === "StageFailed") failure = event;
        tell.event(id, event);
      });
      tell.started(id, arms, open.length);
      const settled = worker.ended.then((ended) => settle(id, ended, failure));
      working.set(cellText(id), { worker: { ...worker, ended: settled }, keys });
    }
  }

  async function settle(id: CellId, ended: Ended, failure: Told | undefined): Promise<Ended> {
    // Another process works on a stage of it: later, then.
    if (failure?.error === "RunLocked") await pause(5 * again);
    const failed = failureOf(ended, failure);
    if (failed !== undefined && stopped === undefined) survey.fail(id, failed);
    const cell = await survey.cell(id);
    tell.ended(id, cell);
    const reason = cell.state === "missing" ? reasonToStop(ended, failure) : undefined;
    if (reason !== undefined) stop(reason);
    working.delete(cellText(id));
    return ended;
  }
}

/** Exit codes of a run that got to its end. */
const whole: ReadonlySet<number | null> = new Set([0, 3]);

/** Why a cell has failed; undefined when it has not, or when its end says nothing about it. */
function failureOf({ code, signal }: Ended, failure: Told | undefined): string | undefined {
  if (whole.has(code) || code === 130 || failure?.error === "RunLocked") return undefined;
  return failure?.detail ?? (signal === null ? undefined : `ended by ${signal}`);
}

/** Why no other cell would fare better than one that is not there after its run. */
function reasonToStop({ code, signal, said }: Ended, failure: Told | undefined) {
  // What it made is under other keys: running it again would make the same.
  if (whole.has(code)) return { code: 1, why: changed };
  // What comes before any stage is nothing about this cell.
  if (failure !== undefined || signal !== null || code === 130) return undefined;
  return { code: code === 2 ? 2 : 1, why: said };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
