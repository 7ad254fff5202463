/** What a training stage holds while it runs: models, examples, anchors, and the mutable state of its loop. Serves all training stages. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import { digest } from "../core/digest.ts";
import { rememberingLast } from "../core/remember.ts";
import type { DatasetRef, ModelRef } from "../dsl/artifacts.ts";
import type { Anchor } from "../dsl/training.ts";
import { disposeModel } from "../models/model.ts";
import { HEALTHY, type HealthState } from "../rl/health.ts";
import { CALM, type SafeguardState } from "../rl/safeguard.ts";
import { contentHash } from "../runtime/code.ts";
import type { StageError } from "../runtime/errors.ts";
import { type AnchorPool, askBase } from "./anchor.ts";
import { type Examples, loadExamples } from "./dataset.ts";
import { attempt } from "./failure.ts";
import { type MicroBatch, undivided } from "./micro-batch.ts";
import {
  disposePolicy,
  type LoadedModel,
  loadModel,
  loadPolicy,
  type Policy,
  savePolicy,
} from "./policy.ts";
import { type Problem, problemReader } from "./worked.ts";

/** Fixed for the whole stage. */
export interface Session {
  readonly stage: string;
  readonly seed: number;
  readonly base: LoadedModel;
  readonly examples: Examples;
  readonly read: (example: Examples["worked"][number]) => Problem;
  /** Absent without an anchor. */
  readonly anchors: AnchorPool | undefined;
  /** Shrinks when memory runs out. */
  readonly microBatch: MicroBatch;
}

/** What is known of a learner's last good state. */
export interface Kept {
  /** Steps done then; 0: the stage's input. */
  readonly steps: number;
  /** Nothing changed since. */
  readonly current: boolean;
  /** A rollback went back to it before. */
  readonly tried: boolean;
}

/** What changes from step to step: saved in every checkpoint. */
export interface Learner<Memory> {
  /** Replaced by a rollback. */
  policy: Policy;
  guard: SafeguardState;
  health: HealthState;
  /** The last good state. */
  kept: Kept;
  /** The stage's own plain values, JSON. */
  memory: Memory;
}

interface SessionSpec {
  readonly stage: string;
  readonly seed: number;
  readonly inputs: { readonly reference: ModelRef; readonly dataset: DatasetRef };
  readonly anchor: Anchor;
  readonly maxTokens: number;
  /** References are imposed, so that each must fit into a response. Default: false. */
  readonly imposes?: boolean;
  /** Default: everything at once. */
  readonly microBatch?: MicroBatch;
}

/** The four reinforcement phases of a run ask the same base the same questions: once is enough. */
const anchorsOf = rememberingLast(
  ({ inputs, anchor, maxTokens, seed }: SessionSpec, _base: LoadedModel, _examples: Examples) => {
    // How strongly, and how many at a time, changes neither questions nor answers.
    const { weight: _, prompts: __, ...asked } = anchor;
    return digest([contentHash(inputs.reference.dir), inputs.dataset, asked, maxTokens, seed]);
  },
  ({ anchor, maxTokens, seed, microBatch }, base, examples) =>
    askBase(base, examples, anchor, maxTokens, seed, microBatch?.rows),
);

/** Opens a session; its tensors are released when the scope closes. */
export function openSession(spec: SessionSpec): Effect.Effect<Session, StageError, Scope> {
  const { stage, seed, inputs, anchor, microBatch = { ...undivided } } = spec;
  const maxTokens = spec.imposes ? spec.maxTokens : undefined;
  return Effect.acquireRelease(
    attempt(() => {
      const base = loadModel(inputs.reference.dir);
      const examples = loadExamples(inputs.dataset, { ...base, maxTokens });
      const anchors = anchor.weight > 0 ? anchorsOf(spec, base, examples) : undefined;
      return { stage, seed, base, examples, read: problemReader(base), anchors, microBatch };
    }),
    ({ base }) => Effect.sync(() => disposeModel(base.vlm)),
  );
}

const MEMORY = "learner.json";

const acquireLearner = <Memory>(make: () => Learner<Memory>) =>
  Effect.acquireRelease(attempt(make), ({ policy }) => Effect.sync(() => disposePolicy(policy)));

/** A learner at the stage's first step. */
export const startLearner = <Memory>(policy: ModelRef, base: LoadedModel, memory: Memory) =>
  acquireLearner(() => ({
    ...{ policy: loadPolicy(policy.dir, base), guard: CALM, health: HEALTHY, memory },
    kept: { steps: 0, current: false, tried: false },
  }));

/** All of a saved learner but its policy. */
export const readState = <Memory>(dir: string): Omit<Learner<Memory>, "policy"> =>
  JSON.parse(readFileSync(join(dir, MEMORY), "utf8"));

/**
 * Reads a learner exactly as `saveLearner` left it.
 *
 * @param policy the stage's input: tokenizer and configuration are copied from there ever after,
 *   because the checkpoint's own folder goes when newer ones come
 */
export const restoreLearner =
  <Memory>(policy: ModelRef, base: LoadedModel) =>
  (dir: string) =>
    acquireLearner((): Learner<Memory> => {
      const state = readState<Memory>(dir);
      const { rateFactor } = state.health;
      return {
        ...state,
        policy: { ...loadPolicy(join(dir, "policy"), base), dir: policy.dir, rateFactor },
      };
    });

/** Writes the learner into an empty folder. */
export const saveLearner = <Memory>({ policy, ...state }: Learner<Memory>, dir: string) =>
  attempt(() => {
    savePolicy(policy, join(dir, "policy"));
    writeFileSync(join(dir, MEMORY), JSON.stringify(state));
  });
