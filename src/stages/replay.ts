/** Several updates on the same rollouts, and what they share. Serves steps of reinforcement. */
import type { Target } from "./target.ts";
import type { Update } from "./update.ts";

/** What the updates on the same rollouts share. A step taken again for want of memory goes on with it. */
export interface Replay {
  /** Updates that are done. */
  done: number;
  target?: Target | undefined;
  /** Of the policy that sampled, as the first update's pass computed them. */
  oldLogprobs?: Float32Array;
}

/**
 * Does what is left of `updates` updates and gives the last one.
 *
 * Ends early where nothing was updated. Of updates that a failed try has done, none is done again.
 */
export function repeatUpdate(replay: Replay, updates: number, once: () => Update): Update {
  for (;;) {
    const updated = once();
    replay.done += 1;
    const { loss, skipped } = updated.metrics;
    // After a refused update the weights are the same, and so would be the next one's gradient.
    if (replay.done >= updates || loss === undefined || skipped === 1) return updated;
  }
}
