/** Group-relative advantages of sampled responses. Layer rl. */

/** By what a reward's distance from its group mean is divided. */
export type AdvantageScale = "group" | "batch" | "none";

export interface AdvantageOptions {
  /** Samples per prompt, G ≥ 1. */
  readonly group: number;
  /** `group`: std within the group (GRPO); `batch`: std of all rewards; `none`: 1 (Dr. GRPO). */
  readonly scale: AdvantageScale;
  /** Added to the std. */
  readonly epsilon: number;
}

/** TRL's defaults at eight samples a prompt. */
export const DEFAULT_ADVANTAGE: AdvantageOptions = { group: 8, scale: "group", epsilon: 1e-4 };

export interface Advantages {
  /** [prompt * sample]. */
  readonly advantages: Float32Array;
  /** [prompt]: 1 where all rewards of the group are equal, so that it has no gradient to give. */
  readonly zeroSpread: Uint8Array;
}

/**
 * How much better each sample did than its group: A = (r − mean of group) / (std + ε).
 *
 * `rewards` is [prompt * sample], groups contiguous; std is the sample one (n − 1). A reward of NaN
 * marks a sample nobody could score: it stays out of mean and std, and its advantage is 0. Equality
 * is tested on the rewards themselves, as a float std of equal values need not be 0.
 * Fails: RangeError when the rewards are not whole groups.
 * Source: GRPO (DeepSeekMath, arXiv 2402.03300 §4.1), as TRL 1.13 computes it.
 */
export function groupRelative(rewards: Float32Array, options: AdvantageOptions): Advantages {
  const { group, scale, epsilon } = options;
  if (group < 1 || rewards.length % group !== 0) {
    throw new RangeError(`${rewards.length} rewards are not whole groups of ${group}`);
  }
  const advantages = new Float32Array(rewards.length);
  const zeroSpread = new Uint8Array(rewards.length / group);
  const batchStd = scale === "batch" ? deviation(scored(rewards)) : 0;
  for (let prompt = 0; prompt < zeroSpread.length; prompt++) {
    const start = prompt * group;
    const values = scored(rewards.subarray(start, start + group));
    if (values.every((value) => value === values[0])) {
      zeroSpread[prompt] = 1;
      continue;
    }
    const centre = mean(values);
    const std = scale === "group" ? deviation(values) : batchStd;
    const divisor = scale === "none" ? 1 : std + epsilon;
    for (let i = start; i < start + group; i++) {
      advantages[i] = Number.isNaN(rewards[i]!) ? 0 : (rewards[i]! - centre) / divisor;
    }
  }
  return { advantages, zeroSpread };
}

const scored = (rewards: Float32Array) => rewards.filter((reward) => !Number.isNaN(reward));

const mean = (values: Float32Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: Float32Array): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
}
