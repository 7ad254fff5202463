/** Runs one stage: lock, memory, attempts with retry, commit. Serves the runtime layer. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Attempts } from "../dsl/attempts.ts";
import { renderSite } from "../dsl/issue.ts";
import { type Contents, noSpaceAsStoreFull } from "./checkpoint.ts";
import { makeContext } from "./context.ts";
import { type RuntimeFailure, type StageError, StageFailed } from "./errors.ts";
import type { Journal } from "./events.ts";
import { type Meter, openBill, plus } from "./expense.ts";
import { onDisk } from "./files.ts";
import type { Handler } from "./handler.ts";
import { type Allowance, limitsOf } from "./limits.ts";
import { hold } from "./lock.ts";
import { clearMeasures, measuresFile } from "./measures.ts";
import { lackAsOutOfMemory } from "./out-of-memory.ts";
import type { PlannedStage } from "./plan.ts";
import { Resources } from "./resources.ts";
import { type Retry, type RetryPolicy, retrying } from "./retry.ts";
import { spentOn, stepsDone } from "./steps.ts";
import { Stop } from "./stop.ts";
import { StageStore } from "./store.ts";

/** Errors a stage passes through unchanged; all others become `StageFailed`. */
const own = new Set(["Interrupted", "StoreFull", "StoreBroken", "RunLocked", "BudgetNotMet"]);

/** What a stage works on, by need: the artifacts, paths in them absolute, and the content of each as a hash. */
export interface Given {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly contents: Contents;
}

/** What a stage is run with besides its inputs. */
export interface Surroundings {
  readonly journal: Journal;
  readonly allowance: Allowance;
  /** The pipeline's own retry rules and time limit. */
  readonly attempts: Attempts;
  /** Memory permits, GiB, where that is more than the handler asks for. */
  readonly gib: number;
  readonly meter: Meter;
}

/**
 * Runs a planned stage that is not in the store and commits its result.
 *
 * Each attempt starts from the last checkpoint and holds memory permits only while it lasts. A stage
 * that several pipelines of this process share is run by one; the others wait and take its result.
 * This is the one function that a remote executor would call as well: everything it needs is in its
 * arguments and services.
 */
export const runStage = Effect.fnUntraced(function* <R>(
  planned: PlannedStage,
  handler: Handler<R>,
  { inputs, contents }: Given,
  { journal, allowance, attempts, gib, meter }: Surroundings,
) {
  const [store, resources, stop] = [yield* StageStore, yield* Resources, yield* Stop];
  const { id, stage, fingerprint, key, action } = planned;
  const dir = store.folder(fingerprint);
  const why = action._tag === "Hit" ? "asked for" : action.why;
  const startedAt = performance.now();
  const minutes = stage.attempts?.timeoutMinutes ?? attempts.timeoutMinutes;
  let halvings = 0;

  const attempt = Effect.fnUntraced(function* (number: number) {
    yield* stop.check(id);
    const bill = openBill(meter);
    const outDir = yield* store.prepare(fingerprint);
    yield* onDisk(dir, "measurements", () => clearMeasures(join(dir, measuresFile)));
    yield* journal.emit({ _tag: "StageStarted", stage: id, key, attempt: number, why });
    const limits = limitsOf(id, minutes, stop, allowance);
    const context = makeContext({
      ...{ planned, inputs, contents, journal, limits, dir, outDir, halvings, bill },
    });
    const outputs = yield* handler
      .run(context)
      .pipe(noSpaceAsStoreFull(dir, "the stage's files"), lackAsOutOfMemory, limits.within);
    const steps = stepsDone(join(dir, "steps.jsonl"));
    yield* Effect.annotateCurrentSpan("rcpa.steps", steps);
    const seconds = (performance.now() - startedAt) / 1000;
    const result = yield* store.commit(fingerprint, {
      outputs: pickOutputs(id, outputs, Object.keys(stage.names.gives)),
      inputs: contents,
      steps,
      seconds,
      spent: plus(bill.around(), spentOn(join(dir, "steps.jsonl"))),
    });
    resources.made.add(key);
    yield* journal.emit({ _tag: "StageDone", stage: id, seconds, steps });
    return result;
  });

  const held = (number: number) =>
    resources
      .use(Math.max(gib, handler.gib(stage.options)))(attempt(number))
      .pipe(
        Effect.withSpan("attempt", { attributes: { "rcpa.stage": id, "rcpa.attempt": number } }),
      );
  const policies: ReadonlyArray<RetryPolicy> = [
    handler.retry,
    attempts.retry,
    stage.attempts?.retry ?? {},
  ];
  const onRetry = ({ _tag: reason, message: error }: StageError, retry: Retry) => {
    if (reason === "OutOfMemory") halvings += 1;
    return journal.emit({ _tag: "StageRetried", stage: id, reason, error, ...retry });
  };
  const work = Effect.gen(function* () {
    yield* lockStage(dir);
    // Another process, or another pipeline of this one, may have finished the stage since the plan.
    const fresh = action._tag === "Run" && action.fresh === true && !resources.made.has(key);
    if (fresh) yield* store.forget(fingerprint);
    const found = yield* store.find(fingerprint, { inputs: contents, explain: () => why });
    if (found._tag === "Miss") return yield* retrying(policies, held, onRetry);
    yield* journal.emit({ _tag: "StageCached", stage: id, key });
    return found.result;
  });
  return yield* work.pipe(Effect.scoped, resources.alone(key), reportFailure(planned, journal));
});

const lockStage = Effect.fnUntraced(function* (dir: string) {
  yield* onDisk(dir, "a stage's folder", () => fs.mkdirSync(dir, { recursive: true }));
  yield* hold(join(dir, "LOCK"));
});

function pickOutputs(stage: string, outputs: unknown, gives: ReadonlyArray<string>) {
  const given = outputs as Readonly<Record<string, unknown>>;
  const missing = gives.filter((key) => given[key] === undefined);
  if (missing.length > 0) throw new TypeError(`${stage} did not give ${missing.join(", ")}`);
  return Object.fromEntries(gives.map((key) => [key, given[key]]));
}

/** Names the stage in every failure and tells the journal; a journal that cannot be written hides nothing. */
function reportFailure(planned: PlannedStage, journal: Journal) {
  const stage = planned.id;
  const at = planned.stage.at === undefined ? {} : { at: renderSite(planned.stage.at) };
  return <A, E extends { readonly _tag: string; readonly message: string }, R>(
    work: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, StageFailed | RuntimeFailure | E, R> =>
    work.pipe(
      Effect.mapError((error) =>
        own.has(error._tag)
          ? error
          : new StageFailed({ stage, reason: error._tag, detail: error.message, ...at }),
      ),
      Effect.tapCause((cause) => {
        const error = Option.getOrUndefined(Cause.findErrorOption(cause));
        const stopped = Cause.hasInterruptsOnly(cause) || error?._tag === "Interrupted";
        if (stopped) return Effect.ignore(journal.emit({ _tag: "StageInterrupted", stage }));
        const detail = error?.message ?? Cause.pretty(cause);
        const name = error?._tag ?? "Defect";
        return Effect.ignore(journal.emit({ _tag: "StageFailed", stage, error: name, detail }));
      }),
    );
}
