/** Handler of `sft`: supervised fine-tuning on whole worked references. */
import * as Effect from "effect/Effect";
import { sft as definition } from "../dsl/phases.ts";
import { DEFAULT_SAFEGUARD } from "../rl/safeguard.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { supervisedTerm } from "./losses.ts";
import { microBatchOf } from "./micro-batch.ts";
import { anchor } from "./reinforce.ts";
import { openSession, type Session } from "./session.ts";
import { train } from "./train.ts";
import { update } from "./update.ts";
import { noteValidation } from "./validation.ts";
import { readProblem } from "./worked.ts";

const MAX_TOKENS = 24;

export const sft = handler(
  definition,
  Effect.fnUntraced(function* (context) {
    yield* Engine;
    const { options, inputs, seed, stage } = context;
    const session = yield* openSession({
      ...{ stage, seed, inputs, anchor: options.anchor },
      maxTokens: MAX_TOKENS,
      microBatch: microBatchOf(options.microBatch, options.prompts, context.halvings),
    });
    const total = options.steps;
    const { learner, policy } = yield* train(context, session, {
      total,
      memory: {},
      step: (state, index) => {
        const started = performance.now();
        const problems = problemsOf(session, options.on, options.prompts, index);
        const held = anchor(session, state, options.anchor, index);
        const terms = [
          supervisedTerm(state.policy.vlm, problems, session.microBatch.rows),
          ...(held === undefined ? [] : [held]),
        ];
        const place = { stage, index, total };
        const { optimizer } = options;
        const done = update(
          state.policy,
          terms,
          optimizer,
          DEFAULT_SAFEGUARD,
          state.guard,
          place,
          Number.isFinite(session.microBatch.rows),
        );
        state.guard = done.guard;
        const tokens = problems.reduce((sum, { reference }) => sum + reference.length, 0);
        const seconds = (performance.now() - started) / 1000;
        return { metrics: { ...done.metrics, tokensPerSecond: tokens / seconds } };
      },
    });
    yield* noteValidation(context, session, learner, MAX_TOKENS);
    return { policy };
  }, Effect.scoped),
);

/** The general stream never repeats, so its problems are not kept. */
function problemsOf(session: Session, on: "domain" | "general", size: number, index: number) {
  const { base, examples, seed, stage } = session;
  if (on === "domain") return batchOf(examples.worked, size, index, seed, stage).map(session.read);
  return Array.from({ length: size }, (_, i) =>
    readProblem(base, examples.general.example(seed, index * size + i)),
  );
}
