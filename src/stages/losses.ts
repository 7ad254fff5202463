/** The terms of a training step as differentiable scalars. Serves all training phases. */
import * as tf from "@tensorflow/tfjs-core";
import type { Imitation } from "../dsl/curriculum.ts";
import type { Objective } from "../dsl/training.ts";
import { batchPrompts, headOf, type Vlm } from "../models/model.ts";
import { layOutResponses } from "../models/responses.ts";
import { DEFAULT_IMITATION, IMITATION_WEIGHT, imitationLoss } from "../rl/imitation.ts";
import { policyLoss } from "../rl/objective.ts";
import { scoped } from "../tensor/memory.ts";
import { divergenceBetween } from "../tensor/ops/log-probability.ts";
import type { AnchorPool } from "./anchor.ts";
import {
  hostParts,
  longest,
  pass,
  passPart,
  pieces,
  type Responses,
  readEntropies,
  type SharedPart,
  type Term,
} from "./parts.ts";
import type { Replay } from "./replay.ts";
import type { Rollouts } from "./rollout.ts";
import { targetOf } from "./target.ts";
import type { Problem } from "./worked.ts";

/**
 * Clipped policy gradient with a divergence on generated tokens, group-relative advantages.
 *
 * Groups without reward spread are left out of the pass altogether when the objective excludes
 * them: they would add nothing. Gives undefined when no group is left.
 *
 * @param replay what the updates on these rollouts share; default: this is their only one
 */
export function reinforcementTerm(
  policy: Vlm,
  base: Vlm,
  rollouts: Rollouts,
  objective: Objective,
  maxTokens: number,
  microBatch = Number.POSITIVE_INFINITY,
  replay: Replay = { done: 0 },
): Term | undefined {
  replay.target ??= targetOf(policy, base, rollouts, objective, microBatch);
  const { target } = replay;
  if (target === undefined) return undefined;
  const { batch, reference, mask, advantages, options, entropyWeights } = target;
  const metrics: Record<string, number> = {};
  const own = (logprobs: Float32Array) => {
    // The sampling policy's, from the first update's own pass: its weights are still those that
    // sampled, and the same kind of pass makes ratios exactly 1, which the sampler's rounding would not.
    if (replay.done === 0) replay.oldLogprobs = logprobs.slice();
    const { loss, gradient, stats } = policyLoss(options, {
      rows: batch.ids.length,
      time: batch.time,
      logprobs,
      oldLogprobs: replay.oldLogprobs!,
      ...(reference === undefined ? {} : { referenceLogprobs: reference }),
      mask,
      advantages,
      maxCompletionLength: maxTokens,
    });
    metrics.klNats = stats.kl;
    metrics.policyLoss = loss;
    // With one update they are 1 and 0 by definition.
    if (objective.updates > 1) {
      metrics.meanRatio = stats.meanRatio;
      metrics.clipFraction = stats.clipFraction;
    }
    return { loss, gradient };
  };
  return { parts: hostParts(policy, batch, microBatch, own, entropyWeights), metrics };
}

/**
 * Weighted likelihood of the first `imitated[x]` reference tokens; undefined when none is imitated.
 *
 * `imitation.weight` multiplies the strategy's own factor.
 */
export function imitationTerm(
  policy: Vlm,
  problems: ReadonlyArray<Problem>,
  imitated: ArrayLike<number>,
  success: ArrayLike<number>,
  imitation: Imitation,
  microBatch = Number.POSITIVE_INFINITY,
): Term | undefined {
  const kept = problems.flatMap((_, x) => (imitated[x]! > 0 && success[x]! < 1 ? [x] : []));
  if (kept.length === 0 || imitation.strategy === "none" || imitation.weight === 0)
    return undefined;
  const chosen = kept.map((x) => problems[x]!);
  const ids = chosen.map(({ reference }, row) => reference.slice(0, imitated[kept[row]!]));
  const batch: Responses = { prompts: chosen.map(({ prompt }) => prompt), ids, time: longest(ids) };
  const totalLength = problems.reduce((sum, { reference }) => sum + reference.length, 0);
  const { strategy, weight } = imitation;
  const options = {
    ...{ ...DEFAULT_IMITATION, ...imitation },
    weight: weight * IMITATION_WEIGHT[strategy],
  };
  const entropies =
    strategy === "entropy-top" ? readEntropies(policy, batch, microBatch) : undefined;
  const metrics: Record<string, number> = {};
  const parts = hostParts(policy, batch, microBatch, (logprobs) => {
    const result = imitationLoss(options, {
      rows: kept.length,
      time: batch.time,
      logprobs,
      imitated: ids.map(({ length }) => length),
      lengths: chosen.map(({ reference }) => reference.length),
      weights: kept.map((x) => 1 - success[x]!),
      ...(entropies === undefined ? {} : { entropies }),
      totalLength,
    });
    metrics.imitationLoss = result.loss;
    metrics.imitationShare = result.activeShare;
    return result;
  });
  return { parts, metrics };
}

/** Mean negative log-likelihood of whole references, over tokens. */
export function supervisedTerm(
  policy: Vlm,
  problems: ReadonlyArray<Problem>,
  microBatch = Number.POSITIVE_INFINITY,
): Term {
  const ids = problems.map(({ reference }) => reference);
  const batch: Responses = {
    prompts: problems.map(({ prompt }) => prompt),
    ids,
    time: longest(ids),
  };
  const tokens = ids.reduce((sum, { length }) => sum + length, 0);
  const metrics: Record<string, number> = {};
  const parts = hostParts(policy, batch, microBatch, (logprobs) => {
    const gradient = new Float32Array(logprobs.length);
    let total = 0;
    ids.forEach(({ length }, row) => {
      const first = row * batch.time;
      gradient.fill(-1 / tokens, first, first + length);
      for (let i = first; i < first + length; i++) total -= logprobs[i]! / tokens;
    });
    metrics.supervisedLoss = total;
    return { loss: total, gradient };
  });
  return { parts, metrics };
}

/**
 * `weight` times the mean over tokens of KL(base ‖ policy) on the base's own responses.
 *
 * The base runs only where its hidden states were not kept.
 */
export function anchorTerm(
  policy: Vlm,
  base: Vlm,
  { prompts, ids, hidden: known }: AnchorPool,
  weight: number,
  microBatch = Number.POSITIVE_INFINITY,
): Term {
  const tokens = ids.reduce((sum, { length }) => sum + length, 0);
  const metrics: Record<string, number> = {};
  const all = pieces({ prompts, ids, time: longest(ids) }, microBatch);
  const parts = all.map((piece, index) => () => {
    // Outside the tape, so that nothing of the base's pass is kept for a gradient.
    const { firstRow } = piece;
    const kept = known?.slice(firstRow, firstRow + piece.ids.length);
    const wanted = scoped(() =>
      kept === undefined ? pass(base, piece).hidden : inRows(kept, base, piece),
    );
    const lossOf: SharedPart["lossOf"] = (hidden, rows) => {
      const weights = Float32Array.from(rows.places, (place) => {
        const { length } = piece.ids[Math.floor(place / rows.time)]!;
        return place % rows.time < length ? 1 / tokens : 0;
      });
      const own = tf.tensor1d(weights);
      const of = { hidden: wanted, head: headOf(base) };
      const divergence = divergenceBetween(of, hidden, headOf(policy), own);
      const nats = divergence.dataSync()[0]!;
      metrics.anchorNats = index === 0 ? nats : metrics.anchorNats! + nats;
      return tf.mul(divergence, weight) as tf.Scalar;
    };
    return passPart({ model: policy, responses: piece, lossOf }, [wanted]);
  });
  return { parts, metrics };
}

/** Kept hidden states of responses, as a pass lays them out, [row, dim]; zeros at padding. */
function inRows(
  kept: ReadonlyArray<ReadonlyArray<Float32Array>>,
  { config }: Vlm,
  { prompts, ids, time }: Responses,
): tf.Tensor2D {
  const width = config.text.hiddenSize;
  const batch = batchPrompts(prompts, config);
  const { inputs, starts } = layOutResponses(batch, ids, time, config.tokens.pad);
  const values = new Float32Array(inputs.length * width);
  kept.forEach((states, response) => {
    states.forEach((state, t) => {
      values.set(state, (starts[response]! + t) * width);
    });
  });
  return tf.tensor2d(values, [inputs.length, width]);
}
