/** The terms of a training step as differentiable scalars. Serves all training phases. */
import * as tf from "@tensorflow/tfjs-core";
import type { Imitation } from "../dsl/curriculum.ts";
import type { Objective } from "../dsl/training.ts";
import {
  batchPrompts,
  headOf,
  type Prompt,
  promptPass,
  responsePass,
  shiftResponses,
  type Vlm,
} from "../models/qwen2_5_vl/model.ts";
import { groupRelative } from "../rl/advantage.ts";
import { DEFAULT_IMITATION, IMITATION_WEIGHT, imitationLoss } from "../rl/imitation.ts";
import { DEFAULT_POLICY_LOSS, NAMED_LOSSES, policyLoss } from "../rl/objective.ts";
import { scoped } from "../tensor/memory.ts";
import { divergenceFrom, logDistribution } from "../tensor/ops/log-probability.ts";
import {
  hostParts,
  longest,
  pieces,
  type Responses,
  readEntropies,
  readLogProbabilities,
  type Term,
} from "./parts.ts";
import type { Rollouts } from "./rollout.ts";
import type { Problem } from "./worked.ts";

/**
 * Clipped policy gradient with k3 divergence on generated tokens, group-relative advantages.
 *
 * Groups without reward spread are left out of the pass altogether when the objective excludes
 * them: they would add nothing. Gives undefined when no group is left.
 */
export function reinforcementTerm(
  policy: Vlm,
  base: Vlm,
  rollouts: Rollouts,
  objective: Objective,
  maxTokens: number,
  microBatch = Number.POSITIVE_INFINITY,
): Term | undefined {
  const { group, problems, responses, rewards } = rollouts;
  const scale = { group, scale: objective.advantage, epsilon: 1e-4 };
  const { advantages, zeroSpread } = groupRelative(rewards, scale);
  const kept = problems.flatMap((_, x) =>
    objective.zeroSpread === "exclude" && zeroSpread[x] === 1 ? [] : [x],
  );
  if (kept.length === 0) return undefined;
  const rows = kept.flatMap((x) => Array.from({ length: group }, (_, i) => x * group + i));
  const chosen = rows.map((row) => responses[row]!);
  const ids = chosen.map((response) => response.ids);
  const batch: Responses = {
    prompts: kept.map((x) => problems[x]!.prompt),
    ids,
    time: longest(ids),
  };
  const mask = new Uint8Array(rows.length * batch.time);
  chosen.forEach((response, row) => {
    mask.fill(1, row * batch.time + response.imposed, row * batch.time + response.ids.length);
  });
  const options = {
    ...DEFAULT_POLICY_LOSS,
    ...NAMED_LOSSES[objective.loss],
    beta: objective.klWeight,
  };
  const reference =
    objective.klWeight > 0 ? readLogProbabilities(base, batch, microBatch) : undefined;
  const metrics: Record<string, number> = {};
  const parts = hostParts(policy, batch, microBatch, (logprobs) => {
    const result = policyLoss(options, {
      rows: rows.length,
      time: batch.time,
      logprobs,
      // One update per rollout: the sampling policy is this one, so ratios are exactly 1.
      oldLogprobs: logprobs,
      ...(reference === undefined ? {} : { referenceLogprobs: reference }),
      mask,
      advantages: Float32Array.from(rows, (row) => advantages[row]!),
      maxCompletionLength: maxTokens,
    });
    metrics.klNats = result.stats.kl;
    metrics.policyLoss = result.loss;
    return result;
  });
  return { parts, metrics };
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

/** `weight` times the mean over tokens of KL(base ‖ policy) on the base's own responses. */
export function anchorTerm(
  policy: Vlm,
  base: Vlm,
  prompts: ReadonlyArray<Prompt>,
  ids: ReadonlyArray<ReadonlyArray<number>>,
  weight: number,
  microBatch = Number.POSITIVE_INFINITY,
): Term {
  const tokens = ids.reduce((sum, { length }) => sum + length, 0);
  const metrics: Record<string, number> = {};
  const all = pieces({ prompts, ids, time: longest(ids) }, microBatch);
  const parts = all.map((piece, index) => () => {
    const { time } = piece;
    const batch = batchPrompts(piece.prompts, policy.config);
    const { inputs } = shiftResponses(batch, piece.ids, time, policy.config.tokens.pad);
    const weights = new Float32Array(piece.ids.length * time);
    piece.ids.forEach(({ length }, row) => {
      weights.fill(1 / tokens, row * time, row * time + length);
    });
    const hidden = (model: Vlm) =>
      responsePass(model, batch, promptPass(model, batch), inputs, time);
    // Outside the tape, so that nothing of the base's pass is kept for a gradient.
    const wanted = scoped(() => logDistribution(hidden(base), headOf(base)));
    const loss = () => {
      const own = tf.tensor1d(weights);
      const divergence = divergenceFrom(wanted, hidden(policy), headOf(policy), own);
      const nats = divergence.dataSync()[0]!;
      metrics.anchorNats = index === 0 ? nats : metrics.anchorNats! + nats;
      return tf.mul(divergence, weight) as tf.Scalar;
    };
    return { loss, owned: [wanted] };
  });
  return { parts, metrics };
}
