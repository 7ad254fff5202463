/** Rewards of a completion's length. Rewards layer. */

/**
 * DAPO's soft overlong punishment: 0 up to `buffer` tokens below the limit, then falling to −1 at the limit.
 *
 * @returns in [−1, 0]
 * Source: DAPO (2503.14476), equation 13; equal to TRL's `get_soft_overlong_punishment(limit, buffer)`.
 */
export function softOverlong(tokens: number, limit: number, buffer: number): number {
  if (tokens > limit) return -1;
  const free = limit - buffer;
  return tokens <= free ? 0 : (free - tokens) / buffer;
}

/**
 * Correctness scaled by length along half a cosine: short right answers earn most, short wrong ones least.
 *
 *   right: 1 → 0.5, wrong: −1 → −0.5, from 0 to `limit` tokens
 *
 * @param right share of the answer that is right, 0 or 1
 * @returns in [−1, −0.5] or [0.5, 1]
 * Source: 2502.03373, appendix C.1; equal to TRL's `get_cosine_scaled_reward(limit)` given correctness.
 */
export function cosineScaled(right: number, tokens: number, limit: number): number {
  const cosine = Math.cos(Math.min(tokens / limit, 1) * Math.PI);
  const scaled = 0.5 + 0.25 * (1 + cosine);
  return right === 1 ? scaled : -scaled;
}
