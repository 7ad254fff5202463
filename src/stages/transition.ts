/** Handler of `transition`: lifts the rest of the constraint while answer-only problems come in, until the gate opens. */
import * as Effect from "effect/Effect";
import { transition as definition } from "../dsl/phases.ts";
import { judgeOf } from "../rewards/judge.ts";
import type { CurriculumState } from "../rl/curriculum.ts";
import { DEFAULT_PROGRESS } from "../rl/progress.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { constrainedStep } from "./constrained.ts";
import type { Examples } from "./dataset.ts";
import { afterStep, isThrough, mostSteps, type Passage, startPassage } from "./passage.ts";
import { rolloutsAtOnce } from "./reinforce.ts";
import type { Rollouts } from "./rollout.ts";
import { openSession } from "./session.ts";
import { train } from "./train.ts";
import { noteValidation } from "./validation.ts";

export const transition = handler(
  definition,
  Effect.fnUntraced(function* (context) {
    yield* Engine;
    const { options, inputs, seed, stage } = context;
    const { maxTokens, prompts } = options.sampling;
    const session = yield* openSession({
      imposes: true,
      ...{ stage, seed, inputs, anchor: options.anchor, maxTokens },
      microBatch: rolloutsAtOnce(context),
    });
    const curriculum = inputs.curriculum.state as unknown as CurriculumState;
    const passing = { ...options, progress: { ...DEFAULT_PROGRESS, ...options.progress } };
    // On probation nothing is imposed, not even on prompts that had no success.
    const free = { ...options, prefix: { ...options.prefix, hintDropout: 1 } };
    const total = mostSteps(options);
    const { learner, policy } = yield* train<Passage>(context, session, {
      total,
      memory: startPassage(curriculum, options),
      until: isThrough,
      validation: { maxTokens, judge: judgeOf(options.reward) },
      step: (state, index) => {
        const before = state.memory;
        const { progress } = before.curriculum;
        const batch = mixedBatch(session.examples, prompts, progress, index, seed, stage);
        const problems = batch.map(session.read);
        const fade = before.decision.state.fading ? options.fadeSteps : undefined;
        const own = before.watching ? free : options;
        const steering = {
          fadeSteps: fade,
          further: (round: number, count: number) =>
            mixedBatch(
              session.examples,
              count,
              progress,
              index,
              seed,
              stage,
              `refill ${round}`,
            ).map(session.read),
        };
        const begun = constrainedStep(session, state, problems, own, index, total, steering);
        const finish = (rollouts: Rollouts) => {
          const { zeroSpreadShare, ...step } = begun.finish(rollouts);
          const spread = zeroSpreadShare === undefined ? {} : { zeroSpreadShare };
          const measured = { curriculum: state.memory.curriculum, ...spread };
          state.memory = afterStep(before, index, measured, passing);
          return step;
        };
        return { ...begun, finish };
      },
    });
    const { decision, returnedAfter } = learner.memory;
    // Without a single step there was no probe: progress had been made before.
    const reason = decision.reason ?? "progress";
    const back =
      returnedAfter === undefined ? "" : `; half of it came back once, after step ${returnedAfter}`;
    yield* context.note(`the constraint is lifted (${reason})${back}`);
    yield* noteValidation(context, session, learner, maxTokens, judgeOf(options.reward));
    return {
      policy,
      curriculum: { state: { ...learner.memory.curriculum, progress: 1 } },
      gate: {
        reason,
        evidence: {
          ...decision.evidence,
          ...(returnedAfter === undefined ? {} : { returnedAfter }),
        },
      },
    };
  }, Effect.scoped),
);

/** Worked problems as long as they are constrained, any problems for the rest: shares 1 − P and P. */
function mixedBatch(
  { worked, domain }: Examples,
  size: number,
  progress: number,
  index: number,
  seed: number,
  ...path: ReadonlyArray<string>
) {
  const constrained = Math.round(size * (1 - progress));
  return [
    ...batchOf(worked, size, index, seed, ...path, "worked").slice(0, constrained),
    ...batchOf(domain.train, size, index, seed, ...path, "all").slice(constrained),
  ];
}
