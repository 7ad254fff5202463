/** Estimators of KL(policy ‖ reference) from the log-probabilities of sampled tokens, with derivatives. Layer rl. */

/** Names of the estimators: unbiased with high variance, biased with low variance, unbiased with low variance. */
export type KlEstimator = "k1" | "k2" | "k3";

/** Value of an estimator and its derivative with respect to the policy's log-probability. */
export interface KlTerm {
  readonly value: number;
  readonly derivative: number;
}

/**
 * One token's estimate of KL(policy ‖ reference), with u = log π_ref − log π.
 *
 * k1 = −u; k2 = u²/2; k3 = e^u − u − 1. Beyond `exponentLimit` k3's e^u goes on along its tangent,
 * so that the penalty stays convex and its gradient bounded and rightly directed. Nats.
 * Source: Schulman, "Approximating KL divergence" (2020); TRL 1.13 uses k3 without a limit, the
 * tangent is ours (clamping the exponent alone turns the gradient's sign round).
 */
export function klTerm(
  estimator: KlEstimator,
  logprob: number,
  reference: number,
  exponentLimit = Number.POSITIVE_INFINITY,
): KlTerm {
  const u = reference - logprob;
  switch (estimator) {
    case "k1":
      return { value: -u, derivative: 1 };
    case "k2":
      return { value: (u * u) / 2, derivative: -u };
    case "k3": {
      const slope = Math.exp(Math.min(u, exponentLimit));
      const exponential = u > exponentLimit ? slope * (1 + u - exponentLimit) : slope;
      return { value: exponential - u - 1, derivative: 1 - slope };
    }
  }
}

/** What `penalisedRewards` needs; token arrays are row-major [sample, time]. */
export interface KlInReward {
  readonly rewards: Float32Array;
  readonly logprobs: Float32Array;
  readonly referenceLogprobs: Float32Array;
  readonly mask: ArrayLike<number>;
  readonly time: number;
  readonly beta: number;
  readonly estimator: KlEstimator;
}

/**
 * Rewards with the KL penalty taken off before advantages are formed: r − β Σ_t kl_t over masked-in tokens.
 *
 * Shapes: rewards [sample], token arrays [sample, time]; gives [sample].
 * Source: InstructGPT's placement of the penalty, as ms-swift's `kl_in_reward`.
 */
export function penalisedRewards(input: KlInReward): Float32Array {
  return input.rewards.map((reward, row) => {
    let penalty = 0;
    for (let t = row * input.time; t < (row + 1) * input.time; t++) {
      if (!input.mask[t]) continue;
      penalty += klTerm(input.estimator, input.logprobs[t]!, input.referenceLogprobs[t]!).value;
    }
    return reward - input.beta * penalty;
  });
}
