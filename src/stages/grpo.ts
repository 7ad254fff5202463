/** Handler of `grpo`: reinforcement on all problems, nothing imposed. */
import * as Effect from "effect/Effect";
import { grpo as definition } from "../dsl/phases.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { attempt } from "./failure.ts";
import { savePolicy } from "./policy.ts";
import { reinforce } from "./reinforce.ts";
import { openSession, restoreLearner, saveLearner, startLearner } from "./session.ts";
import { noteValidation } from "./validation.ts";

export const grpo = handler(
  definition,
  Effect.fnUntraced(function* (context) {
    yield* Engine;
    const { options, inputs, seed, stage } = context;
    const { maxTokens, prompts } = options.sampling;
    const session = yield* openSession({ stage, seed, inputs, anchor: options.anchor, maxTokens });
    const learner = yield* context.loop({
      total: options.steps,
      checkpointEvery: options.checkpointEvery,
      start: startLearner(inputs.policy, {}),
      restore: restoreLearner<object>(inputs.policy),
      save: saveLearner,
      step: (state, index) =>
        attempt(() => {
          const batch = batchOf(session.examples.domain.train, prompts, index, seed, stage);
          const problems = batch.map(session.read);
          const nothing = { imposed: problems.map(() => 0) };
          return reinforce(session, state, problems, nothing, options, index, options.steps)
            .metrics;
        }),
    });
    yield* noteValidation(context, session, learner, maxTokens);
    yield* attempt(() => savePolicy(learner.policy, context.artifact("policy")));
    return { policy: { dir: context.artifact("policy") } };
  }, Effect.scoped),
);
