/** Further problems for a step whose groups have no spread of rewards. Serves the steps of reinforcement and their loop. */
import * as Effect from "effect/Effect";
import type { Sampling } from "../dsl/training.ts";
import { groupRelative } from "../rl/advantage.ts";
import type { Constraint, SampledStep } from "./reinforce.ts";
import { type Rollouts, rewarded, type Samples } from "./rollout.ts";
import type { Problem } from "./worked.ts";

/** `count` further problems, and how much is imposed on each; the same for the same `round`. */
export type More = (
  round: number,
  count: number,
) => { readonly problems: ReadonlyArray<Problem>; readonly imposed: ArrayLike<number> };

/**
 * What a step is to draw in `round` (from 1), given all of its rollouts so far; undefined when it has enough.
 *
 * A batch is whole when as many groups have a spread as it has prompts. Groups without one stay: what they
 * did is part of every measured number, and the failed ones may be imitated. So a step draws at most
 * `refill` times as many responses more, and its update holds no more groups with a spread than without.
 * Source: dynamic sampling of DAPO 2503.14476 §3.2, with bounds.
 */
export function further(
  { more }: Pick<Constraint, "more">,
  { prompts, refill, group }: Pick<Sampling, "prompts" | "refill" | "group">,
  { rewards }: Pick<Rollouts, "rewards">,
  round: number,
): ReturnType<More> | undefined {
  if (more === undefined || round > refill) return undefined;
  const { zeroSpread } = groupRelative(rewards, { group, scale: "none", epsilon: 0 });
  const missing = prompts - zeroSpread.filter((flat) => flat === 0).length;
  return missing > 0 ? more(round, missing) : undefined;
}

/** Scores a step's samples, and those of each further round that it asks for; gives all of them as one batch. */
export const scoreAll = Effect.fnUntraced(function* <E, E2, R, R2>(
  step: Pick<SampledStep<unknown>, "samples" | "refill">,
  score: (samples: Samples) => Effect.Effect<Rollouts, E, R>,
  within: (draw: () => Samples | undefined) => Effect.Effect<Samples | undefined, E2, R2>,
) {
  let all = yield* score(step.samples);
  for (let round = 1; step.refill !== undefined; round++) {
    const refill = step.refill;
    const soFar = all;
    const samples = yield* within(() => refill(soFar, round));
    if (samples === undefined) break;
    all = joined(all, yield* score(samples));
  }
  return all;
});

function joined(one: Rollouts, other: Rollouts): Rollouts {
  const samples: Samples = {
    problems: [...one.problems, ...other.problems],
    group: one.group,
    responses: [...one.responses, ...other.responses],
    completions: [...one.completions, ...other.completions],
    generatedTokens: one.generatedTokens + other.generatedTokens,
  };
  const failures = Object.fromEntries(
    Object.entries(one.failures).map(([name, count]) => [name, count + other.failures[name]!]),
  );
  return rewarded(samples, [...one.scored, ...other.scored], failures);
}
