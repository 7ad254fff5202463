/** One optimisation step on a sum of terms, guarded against non-finite and exploding gradients. Serves all training stages. */
import * as tf from "@tensorflow/tfjs-core";
import type { Optimizer } from "../dsl/training.ts";
import { judgeStep, type SafeguardOptions, type SafeguardState } from "../rl/safeguard.ts";
import { Diverged } from "../runtime/errors.ts";
import { globalNorm, updateAdam } from "../tensor/adam.ts";
import { gradients } from "../tensor/gradient.ts";
import { release } from "../tensor/memory.ts";
import type { Term } from "./losses.ts";
import { type Policy, trainable } from "./policy.ts";

/** Learning rate of step `index` of `total`: warm-up, then constant, then linear to the last step's. */
function learningRate(optimizer: Optimizer, index: number, total: number): number {
  const { learningRate: first, finalLearningRate, warmupSteps, decayFrom } = optimizer;
  const last = finalLearningRate ?? first;
  const start = decayFrom * total;
  const done = Math.min(1, Math.max(0, (index - start) / Math.max(1, total - 1 - start)));
  return (first + (last - first) * done) * Math.min(1, (index + 1) / (warmupSteps + 1));
}

/** Where a step stands, for schedules and messages. */
export interface StepPlace {
  readonly stage: string;
  readonly index: number;
  readonly total: number;
}

export interface Update {
  readonly guard: SafeguardState;
  readonly metrics: Readonly<Record<string, number>>;
}

const ADAM_EPSILON = 1e-8;

/**
 * Applies one AdamW update for the sum of `terms`; a non-finite or spiking gradient is skipped and counted.
 *
 * Fails: throws `Diverged` when steps had to be skipped too often in a row.
 * Memory: releases gradients and the terms' tensors.
 */
export function update(
  policy: Policy,
  terms: ReadonlyArray<Term>,
  optimizer: Optimizer,
  safeguard: SafeguardOptions,
  guard: SafeguardState,
  place: StepPlace,
): Update {
  const rate = learningRate(optimizer, place.index, place.total);
  if (terms.length === 0) return { guard, metrics: { learningRate: rate } };
  const parameters = trainable(policy, optimizer);
  const { loss, byName } = gradients(
    () => tf.addN(terms.map((term) => term.loss())) as tf.Scalar,
    parameters,
  );
  const norm = globalNorm(byName);
  const judged = judgeStep(
    guard,
    { loss, gradientNorm: norm },
    { ...safeguard, floor: optimizer.clipNorm },
  );
  if (judged.verdict === "apply") {
    const options = { ...optimizer, epsilon: ADAM_EPSILON };
    policy.adam = updateAdam(policy.adam, parameters, byName, norm, rate, options);
  }
  release([...byName.values()], ...terms.map(({ owned }) => owned));
  if (judged.verdict === "diverged") {
    const quantity = Number.isFinite(loss) ? "the gradient norm" : "the loss";
    const value = Number.isFinite(loss) ? norm : loss;
    throw new Diverged({ stage: place.stage, step: place.index, quantity, value });
  }
  const metrics = Object.assign({}, ...terms.map((term) => term.metrics));
  const skipped = judged.verdict === "apply" ? 0 : 1;
  return {
    guard: judged.state,
    metrics: { loss, gradientNorm: norm, learningRate: rate, skipped, ...metrics },
  };
}
