/** Handler of `partialConstraint`: constrained steps on worked references until progress reaches its mark. */
import * as Effect from "effect/Effect";
import { partialConstraint as definition } from "../dsl/phases.ts";
import { judgeOf } from "../rewards/judge.ts";
import type { CurriculumState } from "../rl/curriculum.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { constrainedStep } from "./constrained.ts";
import { rolloutsAtOnce } from "./reinforce.ts";
import { openSession } from "./session.ts";
import { train } from "./train.ts";
import { noteValidation } from "./validation.ts";

interface Memory {
  curriculum: CurriculumState;
}

export const partialConstraint = handler(
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
    const memory: Memory = { curriculum };
    const total = options.maximumSteps;
    const { learner, policy } = yield* train(context, session, {
      total,
      memory,
      validation: { maxTokens, judge: judgeOf(options.reward) },
      until: ({ curriculum: { progress } }) => progress >= options.until,
      step: (state, index) => {
        const { worked } = session.examples;
        const further = (round: number, count: number) =>
          batchOf(worked, count, index, seed, stage, "refill", round).map(session.read);
        const problems = batchOf(worked, prompts, index, seed, stage).map(session.read);
        return constrainedStep(session, state, problems, options, index, total, { further });
      },
    });
    yield* noteValidation(context, session, learner, maxTokens, judgeOf(options.reward));
    return { policy, curriculum: { state: { ...learner.memory.curriculum } } };
  }, Effect.scoped),
);
