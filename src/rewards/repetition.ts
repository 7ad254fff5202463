/** A penalty for saying the same again. Rewards layer. */
import { countNgrams } from "./ngrams.ts";

/**
 * How much of a completion repeats itself: −(1 − distinct n-grams / n-grams).
 *
 * Over token ids, so that it means the same in every language. 0 without repetition and for fewer than `n` tokens.
 * @returns in [−1, 0]
 * Source: Demystifying Long Chain-of-Thought Reasoning (2502.03373), appendix C.2; equal to TRL's
 *   `get_repetition_penalty_reward(n, -1.0)`.
 */
export function repetitionPenalty(tokens: ReadonlyArray<number>, n = 3): number {
  const total = tokens.length - n + 1;
  if (total < 1) return 0;
  const repeated = 1 - countNgrams(tokens, n).size / total;
  return repeated === 0 ? 0 : -repeated;
}
