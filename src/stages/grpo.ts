/** Handler of `grpo`: reinforcement on all problems, nothing imposed. */
import * as Effect from "effect/Effect";
import type { Rehearsal } from "../dsl/curriculum.ts";
import { grpo as definition } from "../dsl/phases.ts";
import { judgeOf } from "../rewards/judge.ts";
import { DEFAULT_IMITATION } from "../rl/imitation.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { reinforce, rolloutsAtOnce } from "./reinforce.ts";
import { openSession, type Session } from "./session.ts";
import { train } from "./train.ts";
import { noteValidation } from "./validation.ts";

export const grpo = handler(
  definition,
  Effect.fnUntraced(function* (context) {
    yield* Engine;
    const { options, inputs, seed, stage } = context;
    const { maxTokens, prompts } = options.sampling;
    const session = yield* openSession({
      ...{ stage, seed, inputs, anchor: options.anchor, maxTokens },
      microBatch: rolloutsAtOnce(context),
    });
    const total = options.steps;
    const { learner, policy } = yield* train(context, session, {
      total,
      memory: {},
      validation: { maxTokens, judge: judgeOf(options.reward) },
      step: (state, index) => {
        const batch = batchOf(session.examples.domain.train, prompts, index, seed, stage);
        const problems = batch.map(session.read);
        const { train } = session.examples.domain;
        const more = (round: number, count: number) => {
          const further = batchOf(train, count, index, seed, stage, "refill", round);
          return { problems: further.map(session.read), imposed: zeros(count) };
        };
        const free = { imposed: zeros(prompts), more, ...rehearsal(session, options, index) };
        return reinforce(session, state, problems, free, options, index, total);
      },
    });
    yield* noteValidation(context, session, learner, maxTokens, judgeOf(options.reward));
    return { policy };
  }, Effect.scoped),
);

const zeros = (count: number) => new Uint8Array(count);

/** The worked references to rehearse in a step, and how. */
function rehearsal(
  { examples, read, seed, stage }: Session,
  { rehearsal: { prompts, ...how } }: { readonly rehearsal: Rehearsal },
  index: number,
) {
  if (prompts === 0) return {};
  const rehearsed = batchOf(examples.worked, prompts, index, seed, stage, "rehearsal").map(read);
  return { rehearsed, imitation: { ...DEFAULT_IMITATION, ...how } };
}
