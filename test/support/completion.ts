/** Completions as rewards see them, made from texts. Used by tests of the rewards. */

import { makeCider } from "../../src/rewards/cider.ts";
import type { Completion } from "../../src/rewards/completion.ts";
import { makeComponents } from "../../src/rewards/components.ts";
import { type MixOptions, mix } from "../../src/rewards/mix.ts";

/** A response that was generated whole. */
export function completionOf(
  response: string,
  expected: string,
  own: Partial<Completion> = {},
): Completion {
  const generated = Array.from({ length: response.split(" ").length }, (_, index) => index);
  const { length: tokens } = generated;
  return { response, continuation: response, expected, generated, tokens, limit: 100, ...own };
}

/** The shipped rewards with their default settings. */
export const shipped = makeComponents({
  ...{ tolerance: 1e-6, repetitionNgram: 3, overlongBuffer: 0.2 },
  cider: () => makeCider([["a red circle and a blue square"], ["the heart is normal"], ["one"]]),
});

/** Scores texts by a mix of shipped rewards. */
export function scorer(weights: Readonly<Record<string, number>>, options?: MixOptions) {
  const score = mix(weights, shipped, options);
  return (response: string, expected: string) => score(completionOf(response, expected));
}
