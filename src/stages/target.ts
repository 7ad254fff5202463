/** What scored rollouts ask of the policy, fixed before the first update on them. Serves the reinforcement term. */
import type { Objective } from "../dsl/training.ts";
import type { Vlm } from "../models/model.ts";
import { groupRelative } from "../rl/advantage.ts";
import { withoutTruncated } from "../rl/aggregation.ts";
import { entropyBonus } from "../rl/entropy.ts";
import { penalisedRewards } from "../rl/kl.ts";
import { DEFAULT_POLICY_LOSS, NAMED_LOSSES, type PolicyLossOptions } from "../rl/objective.ts";
import { longest, type Responses, readLogProbabilities } from "./parts.ts";
import type { Rollouts } from "./rollout.ts";

/** The groups that take part; token arrays are [sample × time], nats. */
export interface Target {
  readonly batch: Responses;
  /** 1 on tokens that count: generated, and not in a response that is masked as truncated. */
  readonly mask: Uint8Array;
  /** [sample] */
  readonly advantages: Float32Array;
  /** Of the frozen base; absent when the divergence has no weight. */
  readonly reference: Float32Array | undefined;
  readonly options: PolicyLossOptions;
  /** The loss's gradient by each token's entropy; absent without a bonus. */
  readonly entropyWeights: Float32Array | undefined;
}

/**
 * Chooses the groups that take part, and computes their advantages, masks and reference.
 *
 * Call it with the weights that sampled: a divergence in the reward is that of the sampling policy.
 * Gives undefined when no group is left.
 */
export function targetOf(
  policy: Vlm,
  base: Vlm,
  rollouts: Rollouts,
  objective: Objective,
  microBatch: number,
): Target | undefined {
  const { group, problems, responses, rewards } = rollouts;
  const scale = { group, scale: objective.advantage, epsilon: 1e-4 };
  const earned = groupRelative(rewards, scale);
  const kept = problems.flatMap((_, x) =>
    objective.zeroSpread === "exclude" && earned.zeroSpread[x] === 1 ? [] : [x],
  );
  if (kept.length === 0) return undefined;
  const rows = kept.flatMap((x) => Array.from({ length: group }, (_, i) => x * group + i));
  const { batch, mask: generated } = batchOf(rollouts, kept, rows);
  const truncated = rows.map((row) => (responses[row]!.finished ? 0 : 1));
  const mask = objective.maskTruncated
    ? withoutTruncated(generated, truncated, batch.time)
    : generated;
  const weighed = objective.klWeight > 0;
  const { advantages } =
    weighed && objective.kl === "reward"
      ? groupRelative(penalised(policy, base, rollouts, objective, microBatch), scale)
      : earned;
  return {
    batch,
    mask,
    advantages: Float32Array.from(rows, (row) => advantages[row]!),
    reference: weighed ? readLogProbabilities(base, batch, microBatch) : undefined,
    options: lossOptions(objective),
    entropyWeights:
      objective.entropyBonus > 0
        ? entropyBonus(new Float32Array(mask.length), mask, objective.entropyBonus).gradient
        : undefined,
  };
}

function lossOptions(objective: Objective): PolicyLossOptions {
  const named = NAMED_LOSSES[objective.loss];
  return {
    ...DEFAULT_POLICY_LOSS,
    ...named,
    epsilonLow: objective.epsilonLow ?? named.epsilonLow,
    epsilonHigh: objective.epsilonHigh ?? named.epsilonHigh,
    level: objective.ratio ?? named.level,
    ...(objective.delta === null ? {} : { delta: objective.delta }),
    // In the reward it is no part of the loss, where it is still measured.
    beta: objective.kl === "loss" ? objective.klWeight : 0,
    klEstimator: objective.klEstimator,
  };
}

/** The responses of some groups, and which of their tokens were generated. */
function batchOf(
  { problems, responses }: Rollouts,
  groups: ReadonlyArray<number>,
  rows: ReadonlyArray<number>,
): { readonly batch: Responses; readonly mask: Uint8Array } {
  const chosen = rows.map((row) => responses[row]!);
  const ids = chosen.map((response) => response.ids);
  const time = longest(ids);
  const mask = new Uint8Array(rows.length * time);
  chosen.forEach((response, row) => {
    mask.fill(1, row * time + response.imposed, row * time + response.ids.length);
  });
  return { batch: { prompts: groups.map((x) => problems[x]!.prompt), ids, time }, mask };
}

/** Rewards less the divergence of each response; of all groups, since a batch's spread is that of all. */
function penalised(
  policy: Vlm,
  base: Vlm,
  rollouts: Rollouts,
  { klWeight, klEstimator }: Objective,
  microBatch: number,
): Float32Array {
  const { batch, mask } = batchOf(
    rollouts,
    [...rollouts.problems.keys()],
    [...rollouts.responses.keys()],
  );
  return penalisedRewards({
    rewards: rollouts.rewards,
    logprobs: readLogProbabilities(policy, batch, microBatch),
    referenceLogprobs: readLogProbabilities(base, batch, microBatch),
    mask,
    time: batch.time,
    beta: klWeight,
    estimator: klEstimator,
  });
}
