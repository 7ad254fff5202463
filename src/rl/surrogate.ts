/** What one token adds to the policy objective, by loss name, with derivatives. Layer rl. */

/** Losses by their names in the field; `gspo` is `grpo` with the ratio taken at sequence level. */
export type LossKind = "grpo" | "bnpo" | "dr_grpo" | "dapo" | "cispo" | "sapo" | "luspo";

/** Where the importance ratio is formed: per token, or as the geometric mean over a response. */
export type RatioLevel = "token" | "sequence";

export interface SurrogateOptions {
  readonly kind: LossKind;
  /** The ratio is clipped below at 1 − epsilonLow. */
  readonly epsilonLow: number;
  /** The ratio is clipped above at 1 + epsilonHigh; for `cispo` at epsilonHigh itself. */
  readonly epsilonHigh: number;
  /** Two-sided clipping: an upper bound of the unclipped ratio, which matters when A < 0. */
  readonly delta?: number;
  /** `sapo`: temperature where A > 0, default 1. */
  readonly temperaturePositive?: number;
  /** `sapo`: temperature elsewhere, default 1.05. */
  readonly temperatureNegative?: number;
}

export interface SurrogateTerm {
  /** The loss of the token (to be minimised). */
  readonly value: number;
  /** Derivative with respect to the log of the importance ratio. */
  readonly byLogRatio: number;
  /** Derivative with respect to the token's log-probability beside the ratio. */
  readonly byLogprob: number;
  /** Whether the trust region keeps this token from moving further. */
  readonly clipped: boolean;
}

/**
 * Loss of one generated token with importance ratio w and advantage A.
 *
 * Clipped (grpo, bnpo, dr_grpo, dapo, luspo): −min(min(w, δ) A, clip(w, 1 − ε_low, 1 + ε_high) A);
 * cispo: −stop(min(w, ε_high)) A log π; sapo: −(4/τ) σ(τ (w − 1)) A.
 * Source: TRL 1.13 `GRPOTrainer._compute_loss`; PPO 1707.06347, INTELLECT-2 2505.07291 (δ),
 * MiniMax-M1 2506.13585 (cispo), SAPO 2511.20347.
 */
export function surrogate(
  options: SurrogateOptions,
  ratio: number,
  advantage: number,
  logprob: number,
): SurrogateTerm {
  switch (options.kind) {
    case "cispo":
      return cispo(options, ratio, advantage, logprob);
    case "sapo":
      return sapo(options, ratio, advantage);
    default:
      return clippedRatio(options, ratio, advantage);
  }
}

function clippedRatio(options: SurrogateOptions, ratio: number, advantage: number): SurrogateTerm {
  const low = 1 - options.epsilonLow;
  const high = 1 + options.epsilonHigh;
  const delta = options.delta ?? Number.POSITIVE_INFINITY;
  const free = Math.min(ratio, delta) * advantage;
  const bound = Math.min(Math.max(ratio, low), high) * advantage;
  const moves = free < bound ? ratio <= delta : ratio >= low && ratio <= high;
  // At a tie of `free` and `bound` both are the ratio itself, so either derivative is right.
  return {
    value: -Math.min(free, bound),
    byLogRatio: moves ? -ratio * advantage : 0,
    byLogprob: 0,
    clipped: (ratio < low && advantage < 0) || (ratio > high && advantage > 0),
  };
}

function cispo(
  options: SurrogateOptions,
  ratio: number,
  advantage: number,
  logprob: number,
): SurrogateTerm {
  const weight = Math.min(ratio, options.epsilonHigh) * advantage;
  return {
    value: -weight * logprob,
    byLogRatio: 0,
    byLogprob: -weight,
    clipped: ratio > options.epsilonHigh && advantage > 0,
  };
}

function sapo(options: SurrogateOptions, ratio: number, advantage: number): SurrogateTerm {
  const temperature =
    advantage > 0 ? (options.temperaturePositive ?? 1) : (options.temperatureNegative ?? 1.05);
  const gate = 1 / (1 + Math.exp(-temperature * (ratio - 1)));
  return {
    value: (-4 / temperature) * gate * advantage,
    byLogRatio: -4 * gate * (1 - gate) * ratio * advantage,
    byLogprob: 0,
    clipped: false,
  };
}
