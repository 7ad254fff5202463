/** Past runs as values: what was asked for, what happened, and what came of it. Serves the runtime layer. */
import { basename, join, resolve } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { Evaluation } from "../dsl/artifacts.ts";
import type { Verdict } from "./errors.ts";
import { findRun, runFolders } from "./find-run.ts";
import { isHeld } from "./lock.ts";
import { type RunRecord, readRecord } from "./record.ts";
import { type StageHistory, stageHistories } from "./stage-history.ts";
import { lastMetrics, readStored, type StoredStage } from "./stored.ts";
import { readTrace, type Trace } from "./trace.ts";

/** How a run ended; `interrupted` also when its process died, `unknown` when its folder says nothing. */
export type RunState = "done" | "failed" | "interrupted" | "running" | "unknown";

/** One past run in short. What is not known is null. */
export interface RunSummary {
  readonly id: string;
  /** Absolute path of the run's folder. */
  readonly dir: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string | null;
  readonly pipeline: string | null;
  readonly seed: number | null;
  readonly engine: string | null;
  readonly state: RunState;
  /** Loop steps behind the results so far, stored stages included. */
  readonly steps: number;
  /** Wall time from the first event to the last. */
  readonly seconds: number | null;
  /** Accuracies in [0, 1] on the test split. */
  readonly domain: Comparison | null;
  readonly general: Comparison | null;
  /** General accuracy after / before. */
  readonly retention: number | null;
  /** Every declared budget and what became of it; empty when the run did not reach its end. */
  readonly verdicts: ReadonlyArray<Verdict>;
  /** Most memory the process held, GiB. */
  readonly memoryGib: number | null;
  /** What is wrong with the run's folder, in words. */
  readonly problems: ReadonlyArray<string>;
}

/** An accuracy of the base and of the adapted model. */
export interface Comparison {
  readonly before: number;
  readonly after: number;
}

/** One past run in full. */
export interface RunHistory extends RunSummary {
  /** What the run was asked for; null when `run.json` cannot be read. */
  readonly record: RunRecord | null;
  /** In the pipeline's order. */
  readonly stages: ReadonlyArray<StageHistory>;
  readonly evaluation: Evaluation | null;
  /** Folder of the last model a stage gave, absolute. */
  readonly modelDir: string | null;
}

/** All runs of the store in `out`, newest first; damaged ones say what is wrong with them. */
export function listRuns(out: string): ReadonlyArray<RunSummary> {
  return runFolders(out).map((dir) => look(dir).summary);
}

/**
 * One run of the store in `out`, named as in `findRun`.
 *
 * Fails: throws `RunNotFound`.
 */
export function readRun(run: string, out: string): RunHistory {
  const { summary, record, stages, evaluation, modelDir } = look(findRun(run, out));
  const measured = stages.map((stage) => ({ ...stage, metrics: lastMetrics(stage.dir) }));
  return { ...summary, record, stages: measured, evaluation, modelDir };
}

function look(dir: string) {
  const found = readRecord(dir);
  const record = typeof found === "string" ? null : found;
  const trace = readTrace(dir);
  const root = resolve(dir, "..", "..");
  const running = isHeld(join(dir, "LOCK"));
  const stored = new Map<string, StoredStage>();
  const inStore = (key: string) => {
    const known = stored.get(key) ?? readStored(root, key);
    stored.set(key, known);
    return known;
  };
  const stages = stageHistories(record, trace, inStore, running);
  const outputs = stages.map(({ key }) => inStore(key).result?.outputs ?? {});
  const evaluation = evaluationIn(outputs);
  const summary: RunSummary = {
    id: basename(dir),
    dir,
    ...asked(record, trace),
    engine: engineOf(record, [...stored.values()]),
    state: stateOf(trace, stages, running),
    steps: stages.reduce((sum, { steps }) => sum + steps, 0),
    seconds: secondsOf(trace),
    domain: accuracies(evaluation?.domain),
    general: accuracies(evaluation?.general),
    retention: evaluation?.retention?.value ?? null,
    ...spentBy(trace),
    problems: [
      ...(typeof found === "string" ? [found] : []),
      ...trace.problems,
      ...stages.flatMap((stage) => gone(stage, inStore(stage.key))),
    ],
  };
  return { summary, record, stages, evaluation, modelDir: modelIn(outputs) };
}

function gone({ id, state }: StageHistory, { result }: StoredStage): ReadonlyArray<string> {
  const settled = state === "stored" || state === "computed";
  return settled && result === undefined ? [`the result of ${id} is gone from the store`] : [];
}

function asked(record: RunRecord | null, { lines }: Trace) {
  const started = lines.find(({ event }) => event._tag === "RunStarted");
  const event = started?.event._tag === "RunStarted" ? started.event : undefined;
  return {
    startedAt: record?.startedAt ?? started?.time ?? null,
    pipeline: record?.pipeline.name ?? event?.pipeline ?? null,
    seed: record?.pipeline.seed ?? event?.seed ?? null,
  };
}

/** A run that took everything from the store started no engine; then that of the stored results counts. */
function engineOf(record: RunRecord | null, stored: ReadonlyArray<StoredStage>): string | null {
  const engine = record?.environment.engine as { readonly name?: unknown } | null | undefined;
  if (typeof engine?.name === "string") return engine.name;
  return stored.map(({ spec }) => spec?.engine).find((name) => typeof name === "string") ?? null;
}

function stateOf(
  { lines }: Trace,
  stages: ReadonlyArray<StageHistory>,
  running: boolean,
): RunState {
  if (lines.some(({ event }) => event._tag === "RunDone")) return "done";
  if (running) return "running";
  if (stages.some(({ state }) => state === "failed")) return "failed";
  return lines.length === 0 && stages.length === 0 ? "unknown" : "interrupted";
}

function spentBy({ lines }: Trace): Pick<RunSummary, "verdicts" | "memoryGib"> {
  const done = lines.find(({ event }) => event._tag === "RunDone")?.event;
  const { verdicts = [], memoryGib = null } = done?._tag === "RunDone" ? done : {};
  return { verdicts, memoryGib };
}

function secondsOf({ lines, endedAt }: Trace): number | null {
  const first = lines[0]?.time;
  if (first === undefined || endedAt === undefined) return null;
  return (Date.parse(endedAt) - Date.parse(first)) / 1000;
}

type Outputs = ReadonlyArray<Readonly<Record<string, unknown>>>;

function evaluationIn(outputs: Outputs): Evaluation | null {
  const value = outputs.findLast(({ evaluation }) => evaluation !== undefined)?.evaluation;
  return Option.getOrNull(Schema.decodeUnknownOption(Evaluation)(value));
}

function modelIn(outputs: Outputs): string | null {
  const policy = outputs.findLast((values) => values.policy !== undefined)?.policy;
  const dir = (policy as { readonly dir?: unknown } | undefined)?.dir;
  return typeof dir === "string" ? dir : null;
}

function accuracies(found: Evaluation["domain"] | undefined): Comparison | null {
  return found ? { before: found.before.accuracy, after: found.after.accuracy } : null;
}
