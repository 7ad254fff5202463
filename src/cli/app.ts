/** Runs a pipeline as a program; the only place where layers are wired. CLI. */
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { adjust, type Pipeline } from "../dsl/pipeline.ts";
import type { AnyStage } from "../dsl/stage.ts";
import { closureHash, treeHash } from "../runtime/code.ts";
import { PipelineInvalid } from "../runtime/errors.ts";
import type { Handler } from "../runtime/handler.ts";
import { isComplete, type Plan, plan, renderPlan } from "../runtime/plan.ts";
import { Resources } from "../runtime/resources.ts";
import { execute, type RunOptions } from "../runtime/run.ts";
import { Stop } from "../runtime/stop.ts";
import { StageStore } from "../runtime/store.ts";
import type { Engine, EngineInfo } from "../tensor/engine.ts";
import { type Args, engineNames } from "./args.ts";
import { plainReporter, type Reporter, terminalReporter } from "./reporter.ts";
import { asJson, asText, missedBudget } from "./summary.ts";
import { typeCheck } from "./type-check.ts";

/** A pipeline to run: where it is written, how it was asked for, and stages it implements itself. */
export interface Job {
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly args: Args;
  readonly handlers: ReadonlyArray<Handler<Engine>>;
}

/** Runs the job to its end and says how it went; gives the exit code. */
export async function runApp(job: Job): Promise<number> {
  const out = resolve(job.args.out);
  const layers = Layer.mergeAll(StageStore.layerFile(out), Stop.layerSignals);
  const program = Effect.gen(function* () {
    const stop = yield* Stop;
    return yield* stop.interrupting(main(job, out));
  });
  const exit = await Effect.runPromiseExit(Effect.provide(program, layers));
  if (Exit.isSuccess(exit)) return 0;
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause));
  process.stderr.write(`${error === undefined ? Cause.pretty(exit.cause) : error.message}\n`);
  return exitCode(error?._tag);
}

function exitCode(tag: string | undefined): number {
  if (tag === "PipelineInvalid") return 2;
  if (tag === "BudgetNotMet") return 3;
  return tag === "Interrupted" ? 130 : 1;
}

const main = Effect.fnUntraced(function* (job: Job, out: string) {
  const startedAt = performance.now();
  const { args, pipeline } = job;
  const say = (text: string) => (args.json ? process.stderr : process.stdout).write(`${text}\n`);
  if (pipeline.issues.length > 0) return yield* new PipelineInvalid({ issues: pipeline.issues });
  // What the command line shows changes no result.
  const packageCode = treeHash(fileURLToPath(new URL("..", import.meta.url)), ["cli"]);
  const checked = typeCheck(job.file, packageCode, join(out, "checks"));
  const [, ready] = yield* Effect.all([checked, prepare(job, packageCode)], { concurrency: 2 });
  say(ready.engine === undefined ? storedLine(ready.plan) : engineLine(ready.engine));
  say(renderPlan(ready.plan));
  const result = yield* perform(job, ready);
  const seconds = (performance.now() - startedAt) / 1000;
  const finished = { pipeline: ready.plan.pipeline, engine: ready.plan.engine, result, seconds };
  say(asText(finished));
  if (args.json) process.stdout.write(`${asJson(finished)}\n`);
  const missed = missedBudget(pipeline, result);
  if (missed !== undefined) return yield* missed;
});

type Execution = ReturnType<typeof execute<never>>;

interface Ready {
  readonly plan: Plan;
  /** Undefined when the store answers everything, so that no engine was started. */
  readonly engine: EngineInfo | undefined;
  readonly execute: (options: RunOptions) => Execution;
}

/** Plans without an engine first; starts one only when something is left to do. */
const prepare = Effect.fnUntraced(function* (job: Job, packageCode: string) {
  const { args } = job;
  const pipeline = adjust(job.pipeline, { seed: args.seed, stepsScale: args.stepsScale });
  const code = codeOf(job, packageCode);
  for (const name of args.engine === "auto" ? engineNames : [args.engine]) {
    const stored = yield* plan(pipeline, name, code);
    if (isComplete(stored)) return answer(stored);
  }
  const tensor = yield* Effect.promise(() => import("../tensor/engine.ts"));
  const engine = yield* tensor.start(args.engine);
  const stages = yield* Effect.promise(() => import("../stages/index.ts"));
  const open = yield* plan(pipeline, engine.name, code);
  return {
    plan: open,
    engine,
    execute: (options) =>
      execute(open, [...job.handlers, ...stages.handlers], options).pipe(
        Effect.provideService(tensor.Engine, engine),
      ),
  } satisfies Ready as Ready;
});

function answer(stored: Plan): Ready {
  return {
    plan: stored,
    engine: undefined,
    execute: (options) => execute(stored, [] as ReadonlyArray<Handler>, options),
  };
}

/** Stages of the package change with the package; those of the pipeline file with the file as well. */
function codeOf(job: Job, packageCode: string): (stage: AnyStage) => string {
  const own = new Set(job.handlers.map(({ name }) => name));
  const ownCode = own.size === 0 ? "" : closureHash(job.file);
  return (stage) => (own.has(stage.name) ? `${packageCode}+${ownCode}` : packageCode);
}

const perform = Effect.fnUntraced(function* (job: Job, ready: Ready) {
  const reporter = yield* Effect.promise(() => makeReporter(job.args.json, ready.plan));
  const { file, args } = job;
  const environment = { file, args, engine: ready.engine ?? null, node: process.version };
  const memoryGib = ready.engine?.memoryGiB ?? totalmem() / 1024 ** 3;
  return yield* ready
    .execute({ subscribers: [reporter.hear], environment })
    .pipe(
      Effect.provide(Resources.layer(memoryGib)),
      Effect.ensuring(Effect.promise(() => reporter.close())),
    );
});

async function makeReporter(json: boolean, plan: Plan): Promise<Reporter> {
  const lines = json ? process.stderr : process.stdout;
  if (!json && process.stdout.isTTY) return terminalReporter(plan.stages.map(({ id }) => id));
  return plainReporter((line) => lines.write(`${line}\n`));
}

function storedLine(plan: Plan): string {
  const engine = plan.stages.some(({ stage }) => stage.engine) ? `, made with ${plan.engine}` : "";
  return `engine none needed: every result is stored${engine}`;
}

function engineLine(engine: EngineInfo): string {
  const threads = engine.threads === 1 ? "1 thread" : `${engine.threads} threads`;
  const passed = engine.passedOver.map(({ name, reason }) => `  passed over ${name}: ${reason}`);
  return [
    `engine ${engine.name} (${engine.version}, ${engine.device}, ${threads})`,
    ...passed,
  ].join("\n");
}
