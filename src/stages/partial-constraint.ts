/** Handler of `partialConstraint`: constrained steps on worked references until progress reaches its mark. */
import * as Effect from "effect/Effect";
import { partialConstraint as definition } from "../dsl/phases.ts";
import type { CurriculumState } from "../rl/curriculum.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { constrainedStep } from "./constrained.ts";
import { attempt } from "./failure.ts";
import { savePolicy } from "./policy.ts";
import { openSession, restoreLearner, saveLearner, startLearner } from "./session.ts";
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
    const session = yield* openSession({ stage, seed, inputs, anchor: options.anchor, maxTokens });
    const curriculum = inputs.curriculum.state as unknown as CurriculumState;
    const learner = yield* context.loop({
      total: options.maximumSteps,
      checkpointEvery: options.checkpointEvery,
      start: startLearner<Memory>(inputs.policy, { curriculum }),
      restore: restoreLearner<Memory>(inputs.policy),
      save: saveLearner,
      until: ({ memory }) => memory.curriculum.progress >= options.until,
      step: (state, index) =>
        attempt(() => {
          const batch = batchOf(session.examples.worked, prompts, index, seed, stage);
          const problems = batch.map(session.read);
          const total = options.maximumSteps;
          return constrainedStep(session, state, problems, options, index, total).metrics;
        }),
    });
    yield* noteValidation(context, session, learner, maxTokens);
    yield* attempt(() => savePolicy(learner.policy, context.artifact("policy")));
    return {
      policy: { dir: context.artifact("policy") },
      curriculum: { state: { ...learner.memory.curriculum } },
    };
  }, Effect.scoped),
);
