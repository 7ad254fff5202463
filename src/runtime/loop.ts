/** The loop of training steps: resumes, reports, saves, and stops where it can go on later. Serves the runtime layer. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { type Contents, newest, save } from "./checkpoint.ts";
import type { RuntimeFailure } from "./errors.ts";
import type { Journal } from "./events.ts";
import { type Bill, type Expense, minus } from "./expense.ts";
import { onDisk } from "./files.ts";
import type { LoopSpec } from "./handler.ts";
import type { Limits } from "./limits.ts";
import { appendSample, rewindSamples, samplesDue, samplesFile } from "./samples.ts";
import { appendStep, rewindSteps } from "./steps.ts";
import { breathe } from "./stop.ts";

/** What a loop needs from the attempt it belongs to. */
export interface LoopHost {
  readonly stage: string;
  /** The stage's folder in the store. */
  readonly dir: string;
  readonly journal: Journal;
  readonly limits: Limits;
  /** Content of what the stage works on: a checkpoint made from other inputs is none of ours. */
  readonly contents: Contents;
  /** Number of the loop within the stage, from 0. */
  readonly loop: number;
  readonly bill: Bill;
}

/** Runs `spec` from its newest whole checkpoint, or from the start, to its end; gives the last state. */
export function runLoop<State, E, R>(
  host: LoopHost,
  spec: LoopSpec<State, E, R>,
): Effect.Effect<State, E | RuntimeFailure, R> {
  return host.limits.saving(
    Effect.gen(function* () {
      const done = (state: State, step: number) =>
        step >= spec.total || (spec.until?.(state) ?? false);
      let { state, step } = yield* resume(host, spec);
      let saved = step;
      let before = host.bill.meter();
      while (!done(state, step)) {
        const metrics = yield* spec.step(state, step);
        step += 1;
        const now = host.bill.meter();
        // With the checkpoint and the samples after the step before.
        yield* report(host, step, spec.total, metrics, minus(now, before));
        before = now;
        yield* sample(host, spec, state, step, done(state, step));
        yield* breathe;
        const stopping = !done(state, step) && host.limits.cut() !== undefined;
        if (stopping || step % spec.checkpointEvery === 0 || done(state, step)) {
          yield* checkpoint(host, spec, state, step);
          saved = step;
        }
        if (stopping) return yield* host.limits.cut(saved)!;
      }
      return state;
    }),
  );
}

const resume = Effect.fnUntraced(function* <State, E, R>(
  host: LoopHost,
  spec: LoopSpec<State, E, R>,
) {
  const { checkpoint, ignored } = yield* newest(checkpointsOf(host), host.loop, host.contents);
  for (const text of ignored)
    yield* host.journal.emit({ _tag: "StageNote", stage: host.stage, text });
  const step = checkpoint?.step ?? 0;
  yield* onDisk(stepsOf(host), "step metrics", () => rewindSteps(stepsOf(host), host.loop, step));
  yield* onDisk(samplesOf(host), "samples", () => rewindSamples(samplesOf(host), host.loop, step));
  if (checkpoint === undefined) return { state: yield* spec.start, step };
  yield* host.journal.emit({ _tag: "StageResumed", stage: host.stage, step });
  return { state: yield* spec.restore(checkpoint.dir), step };
});

const report = Effect.fnUntraced(function* (
  host: LoopHost,
  step: number,
  total: number,
  metrics: Readonly<Record<string, number>>,
  spent: Expense,
) {
  const { stage, loop } = host;
  host.bill.spend(spent);
  yield* onDisk(stepsOf(host), "step metrics", () =>
    appendStep(stepsOf(host), { loop, step, metrics, spent }),
  );
  yield* host.journal.emit({ _tag: "StageProgress", stage, step, total, metrics });
});

/** Written before the checkpoint of the same step, so that a resume finds all samples up to it. */
const sample = Effect.fnUntraced(function* <State, E, R>(
  host: LoopHost,
  spec: LoopSpec<State, E, R>,
  state: State,
  step: number,
  ended: boolean,
) {
  if (spec.samples === undefined || !samplesDue(step, spec.total, ended)) return;
  const [samples, path] = [yield* spec.samples(state), samplesOf(host)];
  yield* onDisk(path, "samples", () => {
    for (const one of samples) appendSample(path, { loop: host.loop, step, sample: one });
  });
});

const checkpoint = Effect.fnUntraced(function* <State, E, R>(
  host: LoopHost,
  spec: LoopSpec<State, E, R>,
  state: State,
  step: number,
) {
  const write = (dir: string) => spec.save(state, dir);
  yield* save(checkpointsOf(host), host.loop, step, write, host.contents).pipe(
    Effect.withSpan("checkpoint", { attributes: { "rcpa.stage": host.stage, "rcpa.step": step } }),
  );
  yield* host.journal.emit({ _tag: "StageCheckpointed", stage: host.stage, step });
});

function checkpointsOf(host: LoopHost): string {
  return join(host.dir, "checkpoints");
}

function stepsOf(host: LoopHost): string {
  return join(host.dir, "steps.jsonl");
}

function samplesOf(host: LoopHost): string {
  return join(host.dir, samplesFile);
}
