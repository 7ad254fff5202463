/** Training on given texts, without rewards: batches, one likelihood term, the anchor. Serves `sft` and `lm`. */
import * as Effect from "effect/Effect";
import type { DatasetRef, ModelRef } from "../dsl/artifacts.ts";
import type { Anchor, Optimizer } from "../dsl/training.ts";
import type { Vlm } from "../models/model.ts";
import { DEFAULT_SAFEGUARD } from "../rl/safeguard.ts";
import type { StageContext } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { microBatchOf } from "./micro-batch.ts";
import type { Term } from "./parts.ts";
import { anchor } from "./reinforce.ts";
import { openSession, type Session } from "./session.ts";
import { train } from "./train.ts";
import { update } from "./update.ts";
import { noteValidation } from "./validation.ts";
import type { Problem } from "./worked.ts";

/** Longest answer of the base to the anchor's questions, and of validation, tokens. */
const SUPERVISED_TOKENS = 24;

interface SupervisedOptions {
  readonly steps: number;
  readonly prompts: number;
  readonly optimizer: Optimizer;
  readonly anchor: Anchor;
  readonly microBatch: number | null;
  readonly checkpointEvery: number;
  readonly validateEvery: number | null;
}

interface Inputs {
  readonly policy: ModelRef;
  readonly reference: ModelRef;
  readonly dataset: DatasetRef;
}

/** What tells one way of supervised training from another. */
interface Lesson {
  /** The problems of step `index`, each with the response to learn. */
  readonly problems: (session: Session, index: number) => ReadonlyArray<Problem>;
  readonly term: (policy: Vlm, problems: ReadonlyArray<Problem>, microBatch: number) => Term;
}

/** Trains the input policy on a lesson and gives it with what it reaches on validation noted. */
export const supervise = Effect.fnUntraced(function* <Options extends SupervisedOptions>(
  context: StageContext<Options, Inputs>,
  lesson: Lesson,
) {
  yield* Engine;
  const { options, inputs, seed, stage } = context;
  const session = yield* openSession({
    ...{ stage, seed, inputs, anchor: options.anchor },
    maxTokens: SUPERVISED_TOKENS,
    microBatch: microBatchOf(options.microBatch, options.prompts, context.halvings),
  });
  const total = options.steps;
  const { learner, policy } = yield* train(context, session, {
    total,
    memory: {},
    validation: { maxTokens: SUPERVISED_TOKENS },
    step: (state, index) => {
      const started = performance.now();
      const problems = lesson.problems(session, index);
      const held = anchor(session, state, options.anchor, index);
      const { rows } = session.microBatch;
      const terms = [
        lesson.term(state.policy.vlm, problems, rows),
        ...(held === undefined ? [] : [held]),
      ];
      const place = { stage, index, total, seed: session.seed };
      const { guard } = state;
      const { optimizer } = options;
      const apart = Number.isFinite(rows);
      const done = update(state.policy, terms, optimizer, DEFAULT_SAFEGUARD, guard, place, apart);
      state.guard = done.guard;
      const tokens = problems.reduce((sum, { reference }) => sum + reference.length, 0);
      const seconds = (performance.now() - started) / 1000;
      return { metrics: { ...done.metrics, tokensPerSecond: tokens / seconds } };
    },
  });
  yield* noteValidation(context, session, learner, SUPERVISED_TOKENS);
  return { policy };
}, Effect.scoped);
