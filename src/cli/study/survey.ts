/** What the store has of a study's cells. CLI. */
import { resolve } from "node:path";
import * as Layer from "effect/Layer";
import * as ManagedRuntime from "effect/ManagedRuntime";
import type { Study } from "../../dsl/study.ts";
import {
  type ArmMaterial,
  accuracyOf,
  type Cell,
  emptyCell,
  keptOf,
  type Origin,
  readCell,
} from "../../report/study/material.ts";
import { runFolders } from "../../runtime/find-run.ts";
import { readRun } from "../../runtime/history.ts";
import { isComplete, type Plan, plan } from "../../runtime/plan.ts";
import { type RunRecord, readRecord } from "../../runtime/record.ts";
import { StageStore } from "../../runtime/store.ts";
import { stageCode } from "../stage-code.ts";
import { type CellId, cellText, finalCells, pipelineToRun, tuningCells } from "./cells.ts";
import { choose } from "./choose.ts";
import type { StudyJob } from "./job.ts";

/** Looks at cells for one engine; what is done is looked at once. */
export interface Survey {
  /** All arms as far as the store has them. */
  readonly arms: () => Promise<ReadonlyArray<ArmMaterial>>;
  readonly cell: (id: CellId) => Promise<Cell>;
  /** Keys of the stages that a cell would run. */
  readonly keysToRun: (id: CellId) => Promise<ReadonlyArray<string>>;
  readonly plan: (id: CellId) => Promise<Plan>;
  /** Remembers that a cell has failed in this call, and why. */
  readonly fail: (id: CellId, why: string) => void;
  readonly close: () => Promise<void>;
}

/** Opens the store of `job` for results made with `engine`. */
export function openSurvey(job: StudyJob, engine: string): Survey {
  const root = resolve(job.args.out);
  const runtime = ManagedRuntime.make(Layer.fresh(StageStore.layerFile(root)));
  const code = stageCode(job);
  const done = new Map<string, Cell>();
  const failed = new Map<string, string>();
  const records = new Map<string, RunRecord | string>();
  const plans = (id: CellId) =>
    runtime.runPromise(plan(pipelineToRun(job.study, id, job.args.stepsScale), engine, code));
  const cell = async (id: CellId): Promise<Cell> => {
    const known = done.get(cellText(id));
    if (known !== undefined) return known;
    const planned = await plans(id);
    const runs = runsOf(planned, pastRuns(root, records));
    if (!isComplete(planned)) {
      const failure = failed.get(cellText(id)) ?? lastingFailure(runs, root);
      return { ...emptyCell, seed: id.seed, ...stateOf(failure) };
    }
    const found = readCell(planned, root, id.seed, originOf(runs[0]?.record));
    done.set(cellText(id), found);
    return found;
  };
  return {
    cell,
    plan: plans,
    arms: () => inTurn(Object.keys(job.study.arms), (name) => armOf(job.study, name, cell)),
    keysToRun: async (id) =>
      (await plans(id)).stages.flatMap(({ key, action }) => (action._tag === "Hit" ? [] : [key])),
    fail: (id, why) => failed.set(cellText(id), why),
    close: () => runtime.dispose(),
  };
}

/** Documents do not say where on this machine a stage is defined. */
const stateOf = (failure: string | undefined): Pick<Cell, "state" | "failure"> =>
  failure === undefined
    ? { state: "missing", failure: "" }
    : { state: "failed", failure: failure.replace(/ \(defined at [^)]*\)/, "") };

async function armOf(
  study: Study,
  name: string,
  cell: (id: CellId) => Promise<Cell>,
): Promise<ArmMaterial> {
  const { doc, candidates } = study.arms[name]!;
  const tuning = await inTurn(tuningCells(study, name), async (id) => ({
    id,
    cell: await cell(id),
  }));
  const tried = candidates.map(({ settings }, candidate) => {
    const own = tuning.flatMap(({ id, cell }) => (id.candidate === candidate ? [cell] : []));
    return { settings, tuning: own, accuracy: accuracyOf(own), kept: keptOf(own) };
  });
  const chosen = choose(tried, study.keep);
  const finals = chosen === null ? [] : await inTurn(finalCells(study, name, chosen), cell);
  return { name, doc, candidates: tried, chosen, finals };
}

/** One after the other: each plan reads the whole of what it needs. */
async function inTurn<A, B>(
  list: ReadonlyArray<A>,
  work: (one: A) => Promise<B>,
): Promise<ReadonlyArray<B>> {
  const results: Array<B> = [];
  for (const one of list) results.push(await work(one));
  return results;
}

interface PastRun {
  readonly dir: string;
  readonly record: RunRecord;
}

/** All runs of the store; a record never changes, so each is read once. */
function pastRuns(root: string, known: Map<string, RunRecord | string>): ReadonlyArray<PastRun> {
  return runFolders(root).flatMap((dir) => {
    const record = known.get(dir) ?? readRecord(dir);
    known.set(dir, record);
    return typeof record === "string" ? [] : [{ dir, record }];
  });
}

/** The runs of the same stages, the first one first. */
function runsOf({ stages }: Plan, runs: ReadonlyArray<PastRun>): ReadonlyArray<PastRun> {
  const keys = stages.map(({ key }) => key).join(" ");
  return runs
    .filter(({ record }) => record.stages.map(({ key }) => key).join(" ") === keys)
    .sort((a, b) => (a.record.startedAt < b.record.startedAt ? -1 : 1));
}

/** What the last run of a cell failed with, if the same command would fail with it again. */
function lastingFailure(runs: ReadonlyArray<PastRun>, root: string): string | undefined {
  const newest = runs.at(-1);
  if (newest === undefined) return undefined;
  const { state, stages } = readRun(newest.dir, root);
  const failure = stages.find(({ failure }) => failure !== null)?.failure?.detail;
  return state === "failed" && failure?.includes("failed: Diverged:") ? failure : undefined;
}

function originOf(record: RunRecord | undefined): Origin | null {
  if (record === undefined) return null;
  const { git, machine } = record.environment as {
    readonly git?: { readonly commit: string; readonly changed: boolean };
    readonly machine?: string;
  };
  const commit = git === undefined ? "" : `${git.commit.slice(0, 7)}${git.changed ? "+" : ""}`;
  return { startedAt: record.startedAt, commit, machine: machine ?? "" };
}
