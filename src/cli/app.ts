/** Runs pipelines as a program; the only place where layers are wired. CLI. */
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
import { capacityGib, memoryGauge, permitsOf } from "./device-memory.ts";
import { environmentOf } from "./environment.ts";
import { expectation } from "./expectation.ts";
import { labelled, labelsOf } from "./label.ts";
import { terminalReporter } from "./live-list.ts";
import { observers } from "./observers.ts";
import { describeEngine, type Job, prepare, type Ready } from "./prepare.ts";
import { plainReporter, type Reporter } from "./reporter.ts";
import { complain, speaker } from "./streams.ts";
import { asJson, asText, type Finished } from "./summary.ts";

/** Exit codes from the worst on; of several pipelines the worst is the program's. */
const severity = [130, 1, 2, 3, 0];

/** Runs the jobs, which share one command line, to their ends and says how they went; gives the exit code. */
export async function runApp(jobs: ReadonlyArray<Job>): Promise<number> {
  const out = resolve(jobs[0]!.args.out);
  const traces = await tracesFrom(process.env).catch((error: Error) => error.message);
  if (typeof traces === "string") {
    complain(traces);
    return 2;
  }
  const layers = Layer.mergeAll(StageStore.layerFile(out), Stop.layerSignals, traces);
  const exit = await Effect.runPromiseExit(Effect.provide(main(jobs, out), layers));
  return Exit.isSuccess(exit) ? exit.value : failureCode(exit.cause, complain);
}

/** Says why something failed and gives its exit code. */
function failureCode(cause: Cause.Cause<Failure>, say: (text: string) => void): number {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause));
  say(error === undefined ? Cause.pretty(cause) : error.message);
  if (error?._tag === "PipelineInvalid" || error?._tag === "NotStored") return 2;
  if (error?._tag === "BudgetNotMet") return 3;
  return error?._tag === "Interrupted" ? 130 : 1;
}

interface Failure {
  readonly _tag: string;
  readonly message: string;
}

/** Everything is checked and planned before anything runs; then stages take turns as memory permits. */
const main = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job>, out: string) {
  const [startedAt, stop] = [performance.now(), yield* Stop];
  const { json } = jobs[0]!.args;
  const say = speaker(jobs[0]!.args);
  const labels = labelsOf(jobs.map(({ pipeline }) => pipeline.name));
  const prepared = yield* Effect.forEach(jobs, (job) =>
    Effect.exit(stop.interrupting(prepare(job, out))),
  );
  const refused = prepared.map((exit, at) =>
    Exit.isSuccess(exit) ? 0 : failureCode(exit.cause, labelled(labels[at], complain)),
  );
  if (refused.some((code) => code !== 0)) return worst(refused);
  const ready = prepared.filter(Exit.isSuccess).map(({ value }) => value);
  say(describeEngine(ready.find(({ engine }) => engine !== undefined) ?? ready[0]!));
  for (const [at, one] of ready.entries()) {
    say(renderPlan(one.plan));
    const expected = yield* Effect.promise(() => expectation(one, jobs[at]!.handlers, out));
    if (expected !== undefined) say(expected);
  }
  const running = ready.map((one, at) =>
    Effect.exit(
      stop.interrupting(perform(jobs[at]!, one, labelled(labels[at], say), jobs.length > 1)),
    ),
  );
  const capacity = capacityGib(ready.find(({ engine }) => engine !== undefined)?.engine);
  const ended = yield* Effect.all(running, { concurrency: "unbounded" }).pipe(
    Effect.provide(Resources.layer(capacity)),
  );
  const codes = ended.map((exit, at) => {
    const complainOf = labelled(labels[at], complain);
    if (Exit.isFailure(exit)) return failureCode(exit.cause, complainOf);
    const { pipeline, engine } = ready[at]!.plan;
    const seconds = (performance.now() - startedAt) / 1000;
    if (labels[at] !== undefined) say(`\n${labels[at].trimEnd()}`);
    return tell({ pipeline, engine, result: exit.value, seconds }, json, say, complainOf);
  });
  return worst(codes);
});

const worst = (codes: ReadonlyArray<number>) => severity.find((code) => codes.includes(code)) ?? 1;

/** The end of a run that went through; gives its exit code. */
function tell(
  finished: Finished,
  json: boolean,
  say: (text: string) => void,
  complainOf: (text: string) => void,
): number {
  say(asText(finished));
  if (json) process.stdout.write(`${asJson(finished)}\n`);
  const { verdicts } = finished.result;
  if (verdicts.every(({ met }) => met)) return 0;
  complainOf(new BudgetNotMet({ verdicts }).message);
  return 3;
}

const perform = Effect.fnUntraced(function* (
  job: Job,
  ready: Ready,
  say: (text: string) => void,
  several: boolean,
) {
  const reporter = yield* Effect.promise(() => makeReporter(job, ready.plan, say, several));
  const environment = yield* Effect.promise(() => environmentOf(job, ready.engine));
  const attending = yield* Effect.promise(() => observers(complain, job.args.events));
  const { capacityGib } = yield* Resources;
  const memoryGib = memoryGauge(ready.engine);
  const gib = several
    ? yield* Effect.promise(() => permitsOf(ready.plan, job.handlers, capacityGib))
    : [];
  return yield* ready
    .execute({
      ...{ subscribers: [reporter.hear], observers: attending, environment, gib },
      ...(memoryGib && { memoryGib }),
    })
    .pipe(Effect.ensuring(Effect.promise(() => reporter.close())));
});

/** A live list has room for one pipeline; several are told in lines. */
async function makeReporter(
  { args }: Job,
  plan: Plan,
  say: (text: string) => void,
  several: boolean,
): Promise<Reporter> {
  if (args.events) return { hear: () => {}, close: async () => {} };
  const live = !several && !args.json && process.stdout.isTTY;
  return live ? terminalReporter(plan.stages.map(({ id }) => id)) : plainReporter(say);
}
