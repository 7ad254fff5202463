/** Watches KL, entropy and reward over many steps and asks for a rollback when they break their bounds. Layer rl. */

export interface HealthOptions {
  /** Largest KL to the reference, nats per token. */
  readonly maximumKl: number;
  /** Smallest entropy of the policy, nats per token. */
  readonly minimumEntropy: number;
  /** The reward average must stay above this share of its best; 0: never judged. */
  readonly rewardShare: number;
  /** A best below this is no height to fall from: rewards may be rare, or penalties. */
  readonly rewardFrom: number;
  /** Share of the old reward average kept per step, in [0, 1). */
  readonly rewardDecay: number;
  /** Steps in a row out of bounds before a rollback. */
  readonly patience: number;
  /** Rollbacks allowed; the next one is a divergence. */
  readonly maximumRollbacks: number;
}

/**
 * Wide, so that only a wreck is out of bounds: in the stages on record (docs/log.md) the KL of a single
 * step reached 15, entropy fell to 0.03 and the reward average to 0.88 of its best.
 */
export const DEFAULT_HEALTH: HealthOptions = {
  maximumKl: 30,
  minimumEntropy: 1e-4,
  rewardShare: 0.5,
  rewardFrom: 0.25,
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
  /** Absent when not measured, as in a step without spread. */
  readonly kl?: number | undefined;
  /** Absent when not measured. */
  readonly entropy?: number | undefined;
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
  // A reward that nobody could score must not stay in the average for good.
  const latest = Number.isFinite(reading.reward) ? reading.reward : state.reward;
  const reward = decay * state.reward + (1 - decay) * latest;
  const bestReward = Math.max(state.bestReward, reward);
  const broken = brokenBounds(reading, reward, bestReward, options);
  // A step that measured no KL does not show that it came back.
  const rest = reading.kl === undefined ? state.broken : 0;
  const streak = broken.length > 0 ? state.broken + 1 : rest;
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
  if (reading.kl !== undefined && !(reading.kl <= options.maximumKl)) broken.push("kl");
  if (reading.entropy !== undefined && !(reading.entropy >= options.minimumEntropy)) {
    broken.push("entropy");
  }
  const { rewardShare, rewardFrom } = options;
  const judged = rewardShare > 0 && bestReward >= rewardFrom;
  if (judged && !(reward >= rewardShare * bestReward)) broken.push("reward");
  return broken;
}
