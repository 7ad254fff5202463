/** Gets a job ready: checked by the compiler, planned against the store, an engine started if there is work. CLI. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { adjust, type Pipeline } from "../dsl/pipeline.ts";
import { OwnRewards } from "../rewards/own.ts";
import { PipelineInvalid } from "../runtime/errors.ts";
import type { Handler } from "../runtime/handler.ts";
import { isComplete, type Plan, plan } from "../runtime/plan.ts";
import { execute, type RunOptions } from "../runtime/run.ts";
import { cut, notStored, planOptions } from "../runtime/select.ts";
import type { Engine, EngineInfo } from "../tensor/engine.ts";
import { type Args, engineNames } from "./args.ts";
import { rewardsOf } from "./extras.ts";
import { fetchReads } from "./hub/reads.ts";
import { findProblems } from "./problems.ts";
import { stageCode } from "./stage-code.ts";

/** A pipeline to run: where it is written, how it was asked for, and stages it implements itself. */
export interface Job {
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly args: Args;
  readonly handlers: ReadonlyArray<Handler<Engine>>;
}

type Execution = ReturnType<typeof execute<never>>;

/** A job that can be performed. */
export interface Ready {
  readonly plan: Plan;
  /** Undefined when the store answers everything, so that no engine was started. */
  readonly engine: EngineInfo | undefined;
  readonly execute: (options: RunOptions) => Execution;
}

/**
 * Checks and plans the job, whose results go to the folder `out`.
 *
 * Fails: `PipelineInvalid` with every problem; `EngineUnavailable`; the store's errors.
 */
export const prepare = Effect.fnUntraced(function* (job: Job, out: string) {
  // Downloaded before anything is planned by its content; what fails is told with the other problems.
  yield* Effect.promise(() => fetchReads(job.pipeline.stages));
  const problems = findProblems({
    file: job.file,
    pipeline: async () => job.pipeline,
    cacheDir: join(out, "checks"),
  });
  // Options that are wrong cannot be planned, but the compiler may know of more.
  const planned = job.pipeline.issues.length === 0 ? Effect.result(planAndStart(job)) : undefined;
  const [issues, ready] = yield* Effect.all([problems, planned ?? Effect.undefined], {
    concurrency: 2,
  });
  if (issues.length > 0 || ready === undefined) return yield* new PipelineInvalid({ issues });
  return yield* Effect.fromResult(ready);
});

/** Plans without an engine first; starts one only when something is left to do. */
const planAndStart = Effect.fnUntraced(function* (job: Job) {
  const { args } = job;
  const { seed, stepsScale, selection } = args;
  const pipeline = cut(adjust(job.pipeline, { seed, stepsScale }), selection);
  const [code, options] = [stageCode(job), planOptions(job.pipeline, selection)];
  for (const name of args.engine === "auto" ? engineNames : [args.engine]) {
    const stored = yield* plan(pipeline, name, code, options);
    if (isComplete(stored)) return answer(stored);
  }
  const tensor = yield* Effect.promise(() => import("../tensor/engine.ts"));
  const engine = yield* tensor.start(args.engine);
  const { countOperations } = yield* Effect.promise(() => import("../tensor/operations.ts"));
  const stages = yield* Effect.promise(() => import("../stages/index.ts"));
  const open = yield* plan(pipeline, engine.name, code, options);
  const missing = notStored(open, selection);
  if (missing !== undefined) return yield* missing;
  const flops = flopsOnce(countOperations);
  return {
    plan: open,
    engine,
    execute: (options) =>
      execute(open, [...job.handlers, ...stages.handlers], { ...options, flops }).pipe(
        Effect.provideService(tensor.Engine, engine),
        Effect.provideService(OwnRewards, rewardsOf(job.pipeline)),
      ),
  } satisfies Ready as Ready;
});

let counted: (() => number) | undefined;

/** Jobs of one process share the engine and its count. */
function flopsOnce(count: () => { readonly flops: () => number }): () => number {
  counted ??= count().flops;
  return counted;
}

function answer(stored: Plan): Ready {
  return {
    plan: stored,
    engine: undefined,
    execute: (options) => execute(stored, [] as ReadonlyArray<Handler>, options),
  };
}

/** The engine that computes, and each better one that was passed over. */
export function describeEngine({ plan, engine }: Ready): string {
  return engine === undefined ? storedLine(plan) : engineLine(engine);
}

function storedLine(plan: Plan): string {
  const engine = plan.stages.some(({ stage }) => stage.engine) ? `, made with ${plan.engine}` : "";
  return `engine none needed: every result is stored${engine}`;
}

function engineLine(engine: EngineInfo): string {
  const threads = engine.threads === 1 ? "1 thread" : `${engine.threads} threads`;
  const passed = engine.passedOver.map(({ name, reason }) => `  passed over ${name}: ${reason}`);
  const slower =
    "  without fused kernels, two to three times slower: run `npx rcpa engine install`";
  return [
    `engine ${engine.name} (${engine.version}, ${engine.device}, ${threads})`,
    ...(engine.fused === false ? [slower] : []),
    ...passed,
  ].join("\n");
}
