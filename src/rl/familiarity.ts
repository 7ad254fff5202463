/** How familiar the policy is with worked references, and how well it does without help. Layer rl. */
import type { CurriculumState } from "./curriculum.ts";

export interface FamiliarityOptions {
  /** Share of the old average kept per observation of familiarity, in [0, 1). */
  readonly familiarityDecay: number;
  /** Share of the old average kept per observed unhinted group, in [0, 1). */
  readonly successDecay: number;
}

export const DEFAULT_FAMILIARITY: FamiliarityOptions = {
  familiarityDecay: 0.8,
  successDecay: 0.95,
};

/**
 * Confidence in a reference: c = exp(mean_t log p_t), the geometric mean of its token probabilities.
 *
 * `logprobs`: [time], nats, of the reference's tokens under teacher forcing; 0 when it has none.
 */
export function confidence(logprobs: ArrayLike<number>): number {
  let sum = 0;
  for (let t = 0; t < logprobs.length; t++) sum += logprobs[t]!;
  return logprobs.length > 0 ? Math.exp(sum / logprobs.length) : 0;
}

/**
 * Confidence in each reference of a batch.
 *
 * Shapes: logprobs [prompt, time], lengths [prompt] in tokens; gives [prompt].
 */
export function confidences(
  logprobs: Float32Array,
  lengths: ArrayLike<number>,
  time: number,
): Float32Array {
  return new Float32Array(lengths.length).map((_, x) =>
    confidence(logprobs.subarray(x * time, x * time + lengths[x]!)),
  );
}

/**
 * Moves the familiarity average: φ ← decay φ + (1 − decay) mean_x c_x; unchanged by no references.
 *
 * Source: the paper's abstract ties the transition to growing "domain familiarity" without defining
 * it; this measure is ours.
 */
export function observeFamiliarity(
  state: CurriculumState,
  batch: ArrayLike<number>,
  options: FamiliarityOptions,
): CurriculumState {
  if (batch.length === 0) return state;
  let sum = 0;
  for (let x = 0; x < batch.length; x++) sum += batch[x]!;
  const familiarity = average(state.familiarity, sum / batch.length, options.familiarityDecay);
  return { ...state, familiarity };
}

/**
 * Moves the average s₀ of success without a prefix by one unhinted group after the other.
 *
 * `successes`: share of successful samples of each hint-dropout group. Groups that merely came out
 * with an empty prefix do not belong here: they are the easy ones.
 */
export function observeUnhinted(
  state: CurriculumState,
  successes: ArrayLike<number>,
  options: FamiliarityOptions,
): CurriculumState {
  let unhintedSuccess = state.unhintedSuccess;
  for (let x = 0; x < successes.length; x++) {
    unhintedSuccess = average(unhintedSuccess, successes[x]!, options.successDecay);
  }
  return { ...state, unhintedSuccess };
}

const average = (old: number, value: number, decay: number) => decay * old + (1 - decay) * value;
