/** Watches KL, entropy and reward over many steps and asks for a rollback when they break their bounds. Layer rl. */

export interface HealthOptions {
  /** Largest KL to the reference, nats per token. */
  readonly maximumKl: number;
  /** Smallest entropy of the policy, nats per token. */
  readonly minimumEntropy: number;
  /** The reward average must stay above this share of its best. */
  readonly rewardShare: number;
  /** Share of the old reward average kept per step, in [0, 1). */
  readonly rewardDecay: number;
  /** Steps in a row out of bounds before a rollback. */
  readonly patience: number;
  /** Rollbacks allowed; the next one is a divergence. */
  readonly maximumRollbacks: number;
}

export const DEFAULT_HEALTH: HealthOptions = {
  maximumKl: 5,
  minimumEntropy: 1e-3,
  rewardShare: 0.5,
  rewardDecay: 0.95,
  patience: 10,
  maximumRollbacks: 3,
};

/** Plain value for checkpoints. */
export interface HealthState {
  readonly reward: number;
  readonly bestReward: number;
  /** Steps in a row with a broken bound. */
  readonly broken: number;
  readonly rollbacks: number;
  /** Factor on the learning rate, halved by each rollback. */
  readonly rateFactor: number;
}

export const HEALTHY: HealthState = {
  reward: 0,
  bestReward: 0,
  broken: 0,
  rollbacks: 0,
  rateFactor: 1,
};

export interface HealthReading {
  readonly kl: number;
  /** Absent when not measured. */
  readonly entropy?: number;
  /** Mean reward of the step. */
  readonly reward: number;
}

export interface HealthVerdict {
  readonly state: HealthState;
  readonly verdict: "continue" | "rollback" | "diverged";
  /** Bounds broken at this step. */
  readonly broken: ReadonlyArray<"kl" | "entropy" | "reward">;
}

/**
 * Judges a step; a rollback means: last good checkpoint, learning rate times `state.rateFactor`.
 *
 * Bounds: KL ≤ maximumKl, entropy ≥ minimumEntropy, reward average ≥ rewardShare · its best.
 * Keep `state` across the rollback, or its count starts anew. Source: ours.
 */
export function judgeHealth(
  state: HealthState,
  reading: HealthReading,
  options: HealthOptions,
): HealthVerdict {
  const decay = options.rewardDecay;
  const reward = decay * state.reward + (1 - decay) * reading.reward;
  const bestReward = Math.max(state.bestReward, reward);
  const broken = brokenBounds(reading, reward, bestReward, options);
  const streak = broken.length > 0 ? state.broken + 1 : 0;
  const watched = { ...state, reward, bestReward, broken: streak };
  if (streak < options.patience) return { state: watched, verdict: "continue", broken };
  const rollbacks = state.rollbacks + 1;
  return {
    // The reward average belongs to the policy that is given up, so the watch restarts from the best.
    state: { ...watched, reward: bestReward, broken: 0, rollbacks, rateFactor: 0.5 ** rollbacks },
    verdict: rollbacks > options.maximumRollbacks ? "diverged" : "rollback",
    broken,
  };
}

function brokenBounds(
  reading: HealthReading,
  reward: number,
  bestReward: number,
  options: HealthOptions,
): HealthVerdict["broken"] {
  const broken: Array<"kl" | "entropy" | "reward"> = [];
  if (!(reading.kl <= options.maximumKl)) broken.push("kl");
  if (reading.entropy !== undefined && !(reading.entropy >= options.minimumEntropy)) {
    broken.push("entropy");
  }
  if (reward < options.rewardShare * bestReward) broken.push("reward");
  return broken;
}
