/** Handler of `transition`: lifts the rest of the constraint while answer-only problems come in, until the gate opens. */
import * as Effect from "effect/Effect";
import { transition as definition } from "../dsl/phases.ts";
import { judgeOf } from "../rewards/judge.ts";
import type { CurriculumState } from "../rl/curriculum.ts";
import { CLOSED_GATE, type GateDecision, gate } from "../rl/transition.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { constrainedStep } from "./constrained.ts";
import type { Examples } from "./dataset.ts";
import { rolloutsAtOnce } from "./reinforce.ts";
import type { Rollouts } from "./rollout.ts";
import { openSession } from "./session.ts";
import { train } from "./train.ts";
import { noteValidation } from "./validation.ts";

interface Memory {
  curriculum: CurriculumState;
  decision: Pick<GateDecision, "state" | "open"> & Partial<GateDecision>;
}

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
    const closed = { state: CLOSED_GATE, open: curriculum.progress >= 1 };
    const memory: Memory = { curriculum, decision: closed };
    const total = options.maximumSteps;
    const { learner, policy } = yield* train(context, session, {
      total,
      memory,
      until: ({ decision }) => decision.open,
      step: (state, index) => {
        const { progress } = state.memory.curriculum;
        const batch = mixedBatch(session.examples, prompts, progress, index, seed, stage);
        const problems = batch.map(session.read);
        const fade = state.memory.decision.state.fading ? options.fadeSteps : undefined;
        const begun = constrainedStep(session, state, problems, options, index, total, fade);
        const finish = (rollouts: Rollouts) => {
          const step = begun.finish(rollouts);
          const { familiarity, progress: reached, unhintedSuccess } = state.memory.curriculum;
          const { zeroSpreadShare } = step;
          const probe = {
            ...{ step: index + 1, progress: reached, familiarity, unhintedSuccess },
            ...(zeroSpreadShare === undefined ? {} : { zeroSpreadShare }),
          };
          state.memory.decision = gate(state.memory.decision.state, probe, options);
          return step;
        };
        return { ...begun, finish };
      },
    });
    const { decision } = learner.memory;
    // Without a single step there was no probe: progress had been made before.
    const reason = decision.reason ?? "progress";
    yield* context.note(`the constraint is lifted (${reason})`);
    yield* noteValidation(context, session, learner, maxTokens, judgeOf(options.reward));
    return {
      policy,
      curriculum: { state: { ...learner.memory.curriculum, progress: 1 } },
      gate: { reason, evidence: { ...decision.evidence } },
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
  stage: string,
) {
  const constrained = Math.round(size * (1 - progress));
  return [
    ...batchOf(worked, size, index, seed, stage, "worked").slice(0, constrained),
    ...batchOf(domain.train, size, index, seed, stage, "all").slice(constrained),
  ];
}
