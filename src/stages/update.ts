/** One optimisation step on a sum of terms, guarded against non-finite and exploding gradients. Serves all training stages. */
import * as tf from "@tensorflow/tfjs-core";
import { lap } from "../core/laps.ts";
import { stream } from "../core/seed.ts";
import type { Optimizer } from "../dsl/training.ts";
import { withDropout } from "../models/lora/adapter.ts";
import { judgeStep, type SafeguardOptions, type SafeguardState } from "../rl/safeguard.ts";
import { Diverged } from "../runtime/errors.ts";
import { outOfMemory } from "../runtime/out-of-memory.ts";
import { globalNorm, updateAdam } from "../tensor/adam.ts";
import { hasFused } from "../tensor/fused.ts";
import { type Gradients, gradients } from "../tensor/gradient.ts";
import { release } from "../tensor/memory.ts";
import type { Parameters } from "../tensor/parameters.ts";
import { sharedLoss, type Term } from "./parts.ts";
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
  /** Of the run, for what an update draws. Default: 0. */
  readonly seed?: number;
}

export interface Update {
  readonly guard: SafeguardState;
  readonly metrics: Readonly<Record<string, number>>;
}

const ADAM_EPSILON = 1e-8;

/**
 * Applies one AdamW update for the sum of `terms`; a non-finite or spiking gradient is skipped and counted.
 *
 * @param apart whether each part of a term has a pass of its own, which holds less at once; the
 *   gradients' sum is that of the one pass up to rounding
 * Fails: throws `Diverged` when gradients were no numbers too often in a row; `OutOfMemory` when memory
 * ran out while weights were written, so that they are half new.
 * Memory: releases gradients and the terms' tensors.
 */
export function update(
  policy: Policy,
  terms: ReadonlyArray<Term>,
  optimizer: Optimizer,
  safeguard: SafeguardOptions,
  guard: SafeguardState,
  place: StepPlace,
  apart = false,
): Update {
  const rate = policy.rateFactor * learningRate(optimizer, place.index, place.total);
  if (terms.length === 0) return { guard, metrics: { learningRate: rate } };
  const parameters = trainable(policy, optimizer);
  const { loss, byName } = lap(
    "backward",
    () =>
      withDropout(
        policy.vlm.adapter,
        () => stream(place.seed ?? 0, place.stage, "dropout", place.index),
        () => (apart ? accumulate : atOnce)(terms, parameters, optimizer.recompute),
      ),
    true,
  );
  const norm = globalNorm(byName);
  const judged = judgeStep(
    guard,
    { loss, gradientNorm: norm },
    { ...safeguard, floor: optimizer.clipNorm },
  );
  if (judged.verdict === "apply") {
    const options = { ...optimizer, epsilon: ADAM_EPSILON };
    policy.adam = lap("optimizer", () =>
      wholly(() => updateAdam(policy.adam, parameters, byName, norm, rate, options)),
    );
  }
  release([...byName.values()]);
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

/** One pass over everything, or one for each part where the engine cannot run them together. */
function atOnce(terms: ReadonlyArray<Term>, parameters: Parameters, recompute: boolean): Gradients {
  const parts = terms.flatMap((term) => term.parts.map((make) => make()));
  const shared = hasFused() ? parts.flatMap(({ shared }) => shared ?? []) : [];
  const apart = shared.length > 1 ? parts.filter((part) => part.shared === undefined) : parts;
  const sum = () => {
    const losses = apart.map((part) => part.loss());
    if (shared.length > 1) losses.push(sharedLoss(shared[0]!.model, shared));
    return tf.addN(losses) as tf.Scalar;
  };
  const result = gradients(sum, parameters, recompute);
  release(...parts.map(({ owned }) => owned));
  return result;
}

/** A pass for each part, one after the other; holds two sets of gradients and one part's pass at most. */
function accumulate(
  terms: ReadonlyArray<Term>,
  parameters: Parameters,
  recompute: boolean,
): Gradients {
  const sums = new Map<string, tf.Tensor>();
  let loss = 0;
  for (const make of terms.flatMap(({ parts }) => parts)) {
    const part = make();
    const own = gradients(part.loss, parameters, recompute);
    release(part.owned);
    loss += own.loss;
    for (const [name, gradient] of own.byName) {
      const before = sums.get(name);
      sums.set(name, before === undefined ? gradient : tf.add(before, gradient));
      if (before !== undefined) release(before, gradient);
    }
  }
  return { loss, byName: sums };
}

/** A lack of memory within `write` is told by its tag: what it wrote cannot be taken back. */
function wholly<A>(write: () => A): A {
  try {
    return write();
  } catch (error) {
    throw outOfMemory(error) ?? error;
  }
}
