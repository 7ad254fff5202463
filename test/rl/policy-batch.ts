/** Random batches of responses for the tests of the policy losses. */
import { stream } from "../../src/core/seed.ts";
import type { PolicyBatch } from "../../src/rl/objective.ts";

/** Log ratios well away from every clip bound in use (0.8, 1.28, 1.5), so that slopes exist. */
const LOG_RATIOS = [-0.5, -0.35, -0.1, 0.05, 0.15, 0.33, 0.55];

export type Batch = PolicyBatch & {
  readonly mask: Uint8Array;
  readonly referenceLogprobs: Float32Array;
};

/** A batch of `rows` responses with masks of random length and ratios off the kinks. */
export function randomBatch(seed: number, rows = 4, time = 6): Batch {
  const random = stream(seed, "policy-batch");
  const size = rows * time;
  const oldLogprobs = Float32Array.from({ length: size }, () => -0.7 - 2 * random.uniform());
  const lengths = Array.from({ length: rows }, () => 1 + random.integer(time));
  // One ratio a row, jittered by little, keeps the sequence ratio off the kinks as well.
  const shifts = Array.from({ length: rows }, () => random.pick(LOG_RATIOS));
  return {
    rows,
    time,
    oldLogprobs,
    logprobs: oldLogprobs.map(
      (old, i) => old + shifts[Math.floor(i / time)]! + 0.02 * (random.uniform() - 0.5),
    ),
    referenceLogprobs: oldLogprobs.map((old) => old + 0.4 * random.normal()),
    mask: Uint8Array.from({ length: size }, (_, i) =>
      i % time < lengths[Math.floor(i / time)]! ? 1 : 0,
    ),
    advantages: Float32Array.from({ length: rows }, random.normal),
    maxCompletionLength: time + 3,
  };
}
