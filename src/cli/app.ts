/** Runs a pipeline as a program; the only place where layers are wired. CLI. */
import { totalmem } from "node:os";
import { resolve } from "node:path";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { BudgetNotMet } from "../runtime/errors.ts";
import { type Plan, renderPlan } from "../runtime/plan.ts";
import { Resources } from "../runtime/resources.ts";
import { Stop } from "../runtime/stop.ts";
import { StageStore } from "../runtime/store.ts";
import { tracesFrom } from "../runtime/telemetry.ts";
import { environmentOf } from "./environment.ts";
import { terminalReporter } from "./live-list.ts";
import { eventWriter, observers } from "./observers.ts";
import { describeEngine, type Job, prepare, type Ready } from "./prepare.ts";
import { plainReporter, type Reporter } from "./reporter.ts";
import { asJson, asText } from "./summary.ts";

/** Runs the job to its end and says how it went; gives the exit code. */
export async function runApp(job: Job): Promise<number> {
  const out = resolve(job.args.out);
  const traces = await tracesFrom(process.env).catch((error: Error) => error.message);
  if (typeof traces === "string") {
    complain(traces);
    return 2;
  }
  const layers = Layer.mergeAll(StageStore.layerFile(out), Stop.layerSignals, traces);
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
  if (tag === "PipelineInvalid" || tag === "NotStored") return 2;
  if (tag === "BudgetNotMet") return 3;
  return tag === "Interrupted" ? 130 : 1;
}

const main = Effect.fnUntraced(function* (job: Job, out: string) {
  const startedAt = performance.now();
  const { args } = job;
  const say = speaker(args);
  const ready = yield* prepare(job, out);
  say(describeEngine(ready));
  say(renderPlan(ready.plan));
  const result = yield* perform(job, ready);
  const seconds = (performance.now() - startedAt) / 1000;
  const finished = { pipeline: ready.plan.pipeline, engine: ready.plan.engine, result, seconds };
  say(asText(finished));
  if (args.json) process.stdout.write(`${asJson(finished)}\n`);
  const { verdicts } = result;
  if (verdicts.some(({ met }) => !met)) return yield* new BudgetNotMet({ verdicts });
});

const perform = Effect.fnUntraced(function* (job: Job, ready: Ready) {
  const reporter = yield* Effect.promise(() => makeReporter(job.args, ready.plan));
  const environment = yield* Effect.promise(() => environmentOf(job, ready.engine));
  const kept = yield* Effect.promise(() => observers(complain));
  const attending = job.args.events ? [...kept, eventWriter(complain)] : kept;
  const memoryGib = ready.engine?.memoryGiB ?? totalmem() / 1024 ** 3;
  return yield* ready
    .execute({ subscribers: [reporter.hear], observers: attending, environment })
    .pipe(
      Effect.provide(Resources.layer(memoryGib)),
      Effect.ensuring(Effect.promise(() => reporter.close())),
    );
});

const complain = (text: string): void => void process.stderr.write(`${text}\n`);

type Streams = Pick<Job["args"], "json" | "events">;

/** Where words for people go: not among the JSON of stdout, nor among the events of stderr. */
function speaker({ json, events }: Streams): (text: string) => void {
  if (!json) return (text) => void process.stdout.write(`${text}\n`);
  return events ? () => {} : complain;
}

async function makeReporter(streams: Streams, plan: Plan): Promise<Reporter> {
  if (streams.events) return { hear: () => {}, close: async () => {} };
  if (!streams.json && process.stdout.isTTY) {
    return terminalReporter(plan.stages.map(({ id }) => id));
  }
  return plainReporter(speaker(streams));
}
