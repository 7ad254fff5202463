/** Runs a plan against handlers, stage after stage; knows no stage by name. Serves the runtime layer. */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, join } from "node:path";
import * as Effect from "effect/Effect";
import type { Issue } from "../dsl/issue.ts";
import { published } from "../dsl/rename.ts";
import { type Given, runStage, type Surroundings } from "./attempt.ts";
import { judge, meter, overspent } from "./budget.ts";
import { PipelineInvalid, type StoreBroken, type StoreFull, type Verdict } from "./errors.ts";
import { type Event, openJournal } from "./events.ts";
import { processMeter } from "./expense.ts";
import { onDisk } from "./files.ts";
import type { Handler } from "./handler.ts";
import { hold } from "./lock.ts";
import { type Attend, attend } from "./observer.ts";
import type { Plan, PlannedStage } from "./plan.ts";
import { type RunRecord, runFormat, writeRecord } from "./record.ts";
import { Stop } from "./stop.ts";
import { type Lookup, StageStore, type Stored } from "./store.ts";

/** What a finished run leaves: its folder, the last value of each artifact, and how much work there was. */
export interface RunResult {
  readonly runDir: string;
  /** Values with absolute paths. */
  readonly artifacts: Readonly<Record<string, unknown>>;
  /** Loop steps behind the result, stored stages included. */
  readonly steps: number;
  readonly seconds: number;
  /** Every declared budget and what became of it. */
  readonly verdicts: ReadonlyArray<Verdict>;
}

/** What a run may be told besides its plan. */
export interface RunOptions {
  /** Hear each event after those before it. */
  readonly subscribers?: ReadonlyArray<(event: Event) => void>;
  /** As subscribers, but told where the run is kept, and closed after it, however it ends. */
  readonly observers?: ReadonlyArray<Attend>;
  /** Goes into `run.json`: engine, versions, command line. */
  readonly environment?: Readonly<Record<string, unknown>>;
  /** Memory permits of each stage, GiB, where that is more than its handler asks for. */
  readonly gib?: ReadonlyArray<number>;
  /** Most memory held so far, GiB, against the budget `maxMemoryGiB`. Default: resident memory of the process. */
  readonly memoryGib?: () => number;
  /** Floating-point operations of this process so far. Default: none are counted. */
  readonly flops?: () => number;
}

/**
 * Runs every stage of `plan` that the store does not answer, in order.
 *
 * Budgets on time and memory end it early; those on the evaluation are judged in the result.
 * Fails: `PipelineInvalid` when a stage has no handler; `StageFailed`, `Interrupted`, `BudgetNotMet`,
 * `StoreFull`, … of the stages.
 */
export const execute = Effect.fnUntraced(function* <R>(
  plan: Plan,
  handlers: ReadonlyArray<Handler<R>>,
  options: RunOptions = {},
) {
  yield* checkHandlers(plan, handlers);
  const spent = meter(options.memoryGib);
  const runDir = yield* openRun(plan, options);
  yield* Effect.annotateCurrentSpan("rcpa.run", basename(runDir));
  // Before the lock, so that they close after it: what they write of the run is about a past one.
  const observers = yield* attend(options.observers ?? [], runDir);
  // Tells who looks at past runs that this one is not past.
  yield* hold(join(runDir, "LOCK"));
  const hearing = observers.flatMap(({ hear }) => hear ?? []);
  const journal = openJournal(join(runDir, "events.jsonl"), [
    ...(options.subscribers ?? []),
    ...hearing,
  ]);
  const { name, seed, budgets, attempts } = plan.pipeline;
  const expense = processMeter(options.flops);
  const surroundings = { journal, allowance: { budgets, spent }, attempts, meter: expense };
  yield* journal.emit({ _tag: "RunStarted", pipeline: name, seed });
  const done: Array<StageOutcome> = [];
  for (const [index, planned] of plan.stages.entries()) {
    const around = { ...surroundings, gib: options.gib?.[index] ?? 0 };
    const { outputs, ...outcome } = yield* settle(planned, handlers, done, around).pipe(
      Effect.withSpan(`stage ${planned.id}`, {
        attributes: { "rcpa.stage": planned.id, "rcpa.key": planned.key },
      }),
    );
    done.push({ ...outcome, outputs: published(planned.stage, outputs) });
  }
  const artifacts = Object.assign(
    {},
    ...done.map(({ outputs }) => outputs),
  ) as RunResult["artifacts"];
  const steps = done.reduce((sum, stage) => sum + stage.steps, 0);
  const used = spent();
  const verdicts = judge(budgets, used, artifacts);
  const seconds = used.hours * 3600;
  yield* journal.emit({ _tag: "RunDone", seconds, verdicts, memoryGib: used.memoryGib });
  return { runDir, artifacts, steps, seconds, verdicts } satisfies RunResult as RunResult;
}, inSpan);

/** One span for the whole run; it costs nothing unless traces are exported. */
function inSpan<A, E, R>(run: Effect.Effect<A, E, R>, { pipeline, engine }: Plan) {
  const attributes = {
    "rcpa.pipeline": pipeline.name,
    "rcpa.seed": pipeline.seed,
    "rcpa.engine": engine,
  };
  return run.pipe(Effect.scoped, Effect.withSpan(`run ${pipeline.name}`, { attributes }));
}

type StageOutcome = Pick<Stored, "outputs" | "steps" | "content">;

const settle = Effect.fnUntraced(function* <R>(
  planned: PlannedStage,
  handlers: ReadonlyArray<Handler<R>>,
  done: ReadonlyArray<StageOutcome>,
  surroundings: Surroundings,
) {
  const { id, key } = planned;
  const { journal, allowance } = surroundings;
  const given = givenTo(planned, done);
  const found = yield* stillStored(planned, given);
  if (found?._tag === "Hit") {
    for (const text of found.notes) yield* journal.emit({ _tag: "StageNote", stage: id, text });
    yield* journal.emit({ _tag: "StageCached", stage: id, key });
    return found.result satisfies StageOutcome as StageOutcome;
  }
  yield* (yield* Stop).check(id);
  const over = overspent(allowance.budgets, allowance.spent(), { stage: id });
  if (over !== undefined) return yield* over;
  const handler = handlers.find((candidate) => candidate.name === planned.stage.name)!;
  const action = found === undefined ? planned.action : ({ _tag: "Run", why: found.why } as const);
  const open = { ...planned, action };
  return (yield* runStage(open, handler, given, surroundings)) as StageOutcome;
});

function givenTo({ sources, stage }: PlannedStage, done: ReadonlyArray<StageOutcome>): Given {
  const from = Object.entries(sources);
  return {
    inputs: Object.fromEntries(
      from.map(([own, source]) => [own, done[source]!.outputs[stage.names.needs[own]!]]),
    ),
    contents: Object.fromEntries(from.map(([need, source]) => [need, done[source]!.content])),
  };
}

/** The stored result, or why it is none any more: a stage before it may have come out differently. */
const stillStored = Effect.fnUntraced(function* (
  { action, fingerprint }: PlannedStage,
  { contents }: Given,
): Effect.fn.Return<Lookup | undefined, StoreFull | StoreBroken, StageStore> {
  if (action._tag !== "Hit") return undefined;
  if (action.provided.length > 0) {
    return yield* (yield* StageStore).find(fingerprint, { inputs: contents });
  }
  return { _tag: "Hit", result: { ...action, seconds: 0 }, verified: true, notes: action.notes };
});

function checkHandlers(
  plan: Plan,
  handlers: ReadonlyArray<Handler<never>> | ReadonlyArray<Handler<unknown>>,
): Effect.Effect<void, PipelineInvalid> {
  const issues = plan.stages.flatMap(({ stage, action }): ReadonlyArray<Issue> => {
    const handler = handlers.find(({ name }) => name === stage.name);
    const settled = action._tag === "Hit" && action.provided.length === 0;
    if (settled || handler?.version === stage.version) return [];
    const message =
      handler === undefined
        ? "nothing implements this stage"
        : `the stage is defined as version ${stage.version}, implemented as ${handler.version}`;
    return [{ code: "UnknownStage", path: stage.name, message, ...(stage.at && { at: stage.at }) }];
  });
  return issues.length === 0 ? Effect.void : Effect.fail(new PipelineInvalid({ issues }));
}

const openRun = Effect.fnUntraced(function* (plan: Plan, options: RunOptions) {
  const { root } = yield* StageStore;
  const date = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const id = randomBytes(3).toString("hex");
  const runDir = join(root, "runs", `${date}-${plan.pipeline.name}-${id}`);
  const { issues: _none, ...pipeline } = plan.pipeline;
  const record: RunRecord = {
    format: runFormat,
    startedAt: new Date().toISOString(),
    pipeline: { ...pipeline, budgets: { ...pipeline.budgets } },
    stages: plan.stages.map(({ id, key, action }) => ({ id, key, action: action._tag })),
    environment: options.environment ?? {},
  };
  yield* onDisk(runDir, "the run's record", () => {
    fs.mkdirSync(runDir, { recursive: true });
    writeRecord(runDir, record);
  });
  return runDir;
});
