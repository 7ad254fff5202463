/** The frame of every training stage: a resumable loop over a learner, and the policy it leaves. Serves all training stages. */
import { rmSync } from "node:fs";
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import type { DatasetRef, ModelRef } from "../dsl/artifacts.ts";
import type { Safeguard } from "../dsl/safeguard.ts";
import type { StageError } from "../runtime/errors.ts";
import type { StageContext, StepMetrics } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";
import { withinMemory } from "./micro-batch.ts";
import { savePolicy } from "./policy.ts";
import { ciderOf } from "./references.ts";
import { scoreAll } from "./refill.ts";
import type { SampledStep } from "./reinforce.ts";
import { type Refuge, restoreWithGood, saveWithGood, watchHealth } from "./rollback.ts";
import { type Rollouts, score } from "./rollout.ts";
import { sampleRollouts } from "./samples.ts";
import { type Learner, type Session, startLearner } from "./session.ts";
import { type Questions, validationMetrics } from "./validation.ts";

type TrainContext = Pick<
  StageContext<
    {
      readonly checkpointEvery: number;
      readonly validateEvery?: number | null;
      readonly safeguard?: Safeguard;
    },
    { readonly policy: ModelRef; readonly dataset: DatasetRef }
  >,
  "options" | "inputs" | "artifact" | "loop" | "note" | "stage" | "aside"
>;

/** What a step tells: its numbers and, where responses were sampled, those. */
export interface StepOutcome {
  readonly metrics: StepMetrics;
  readonly rollouts?: Rollouts;
}

export interface Training<Memory> {
  readonly total: number;
  /** The stage's own values before its first step. */
  readonly memory: Memory;
  /** Takes one step, or as much of it as comes before its rewards, changing the learner in place. May throw tagged errors. */
  readonly step: (
    learner: Learner<Memory>,
    index: number,
  ) => StepOutcome | SampledStep<StepOutcome>;
  /** True when the stage may end early. */
  readonly until?: (memory: Memory) => boolean;
  /** How to ask validation questions on the way, where the stage's options want that. */
  readonly validation?: Questions;
}

/** Trains the input policy with what fits into memory, saves it as the artifact `policy`, and gives the learner and its reference. */
export const train = Effect.fnUntraced(function* <Memory>(
  { options, inputs, artifact, loop, note, stage, aside }: TrainContext,
  session: Session,
  { total, memory, step, until, validation }: Training<Memory>,
) {
  const { microBatch, examples } = session;
  // Of the last step only; a report is given a few of them.
  let latest: Rollouts | undefined;
  const finished = Effect.fnUntraced(function* (begun: SampledStep<StepOutcome>) {
    const rollouts = yield* scoreAll(
      begun,
      (samples) => score(samples, begun.reward, () => ciderOf(examples)),
      (draw) => withinMemory(microBatch, note, draw),
    );
    return yield* withinMemory(microBatch, note, () => begun.finish(rollouts));
  });
  const refuge: Refuge<Memory> = {
    ...{ dir: artifact("last-good"), input: inputs.policy, base: session.base, stage, note },
    memory: structuredClone(memory),
  };
  const { safeguard, validateEvery = null } = options;
  const learner = yield* loop<Learner<Memory>, StageError, Scope>({
    total,
    checkpointEvery: options.checkpointEvery,
    start: startLearner(inputs.policy, session.base, memory),
    restore: (from) => restoreWithGood(refuge, from),
    save: (state, to) => saveWithGood(refuge, state, to),
    step: Effect.fnUntraced(function* (state, index) {
      state.kept = { ...state.kept, current: false };
      const begun = yield* withinMemory(microBatch, note, () => step(state, index));
      const { metrics, rollouts } = "finish" in begun ? yield* finished(begun) : begun;
      latest = rollouts;
      const told =
        safeguard === undefined ? {} : yield* watchHealth(refuge, safeguard, state, index, metrics);
      const looking = validateEvery !== null && (index + 1) % validateEvery === 0;
      const seen =
        validation === undefined || !looking
          ? {}
          : yield* aside(validationMetrics(session, state.policy, validation));
      const divided = Number.isFinite(microBatch.rows) ? { microBatch: microBatch.rows } : {};
      return { ...metrics, ...told, ...divided, ...seen };
    }),
    samples: ({ policy }) =>
      latest === undefined ? Effect.succeed([]) : sampleRollouts(policy, latest),
    ...(until === undefined ? {} : { until: (state) => until(state.memory) }),
  });
  yield* attempt(() => rmSync(refuge.dir, { recursive: true, force: true }));
  const dir = artifact("policy");
  yield* attempt(() => savePolicy(learner.policy, dir));
  const policy: ModelRef = { dir };
  return { learner, policy };
});
