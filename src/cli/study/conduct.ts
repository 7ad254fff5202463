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
    const { code, signal, said } = ended;
    // Another process works on a stage of it: later, then.
    if (failure?.error === "RunLocked") await pause(5 * again);
    else if (code === 2) stop({ code: 2, why: said });
    else if (code !== 0 && code !== 3 && code !== 130 && stopped === undefined) {
      survey.fail(id, failure?.detail ?? (signal === null ? said : `ended by ${signal}`));
    }
    const cell = await survey.cell(id);
    tell.ended(id, cell);
    // What it made is under other keys: running it again would make the same.
    if ((code === 0 || code === 3) && cell.state === "missing") stop({ code: 1, why: changed });
    working.delete(cellText(id));
    return ended;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
