/** Problems of a step with the prefixes drawn for them. Serves constrained steps. */
import type { RandomStream } from "../core/seed.ts";
import type { CurriculumState } from "../rl/curriculum.ts";
import { DEFAULT_DIFFICULTY } from "../rl/difficulty.ts";
import { DEFAULT_PREFIX, prefixLengths } from "../rl/prefix.ts";
import type { ConstrainedOptions } from "./constrained.ts";
import type { LoadedModel } from "./policy.ts";
import { type Problem, stepCuts } from "./worked.ts";

/** Arrays are [prompt]. */
export interface Draw {
  readonly problems: ReadonlyArray<Problem>;
  /** k_x tokens of the reference. */
  readonly imposed: ReadonlyArray<number>;
  /** Groups without prefix by chance or for want of a reference; a prompt too easy for one would flatter. */
  readonly unhinted: ReadonlyArray<boolean>;
}

/** Draws a prefix for each problem; `confidences` are those of its references. */
export function drawPrefixes(
  model: LoadedModel,
  problems: ReadonlyArray<Problem>,
  confidences: ArrayLike<number>,
  state: CurriculumState,
  { prefix, difficulty }: Pick<ConstrainedOptions, "prefix" | "difficulty">,
  random: RandomStream,
): Draw {
  const lengths = lengthsOf(problems);
  const batch = {
    ids: problems.map(({ example }) => example.id),
    ...{ confidences, lengths, imposable: imposableOf(problems) },
    ...(prefix.cuts === "step"
      ? { cuts: problems.map((problem) => stepCuts(model, problem)) }
      : {}),
  };
  const own = { ...DEFAULT_PREFIX, ...prefix };
  const drawn = prefixLengths(state, batch, own, { ...DEFAULT_DIFFICULTY, ...difficulty }, random);
  return {
    problems,
    imposed: [...drawn.lengths],
    unhinted: lengths.map((length, x) => drawn.dropped[x] === 1 || length === 0),
  };
}

/** Several draws as one, in order. */
export const together = (draws: ReadonlyArray<Draw>): Draw => ({
  problems: draws.flatMap(({ problems }) => problems),
  imposed: draws.flatMap(({ imposed }) => imposed),
  unhinted: draws.flatMap(({ unhinted }) => unhinted),
});

/** Tokens of each reference. */
export const lengthsOf = (problems: ReadonlyArray<Problem>): ReadonlyArray<number> =>
  problems.map(({ reference }) => reference.length);

/** Most tokens of each reference that may be imposed. */
export const imposableOf = (problems: ReadonlyArray<Problem>): ReadonlyArray<number> =>
  problems.map(({ imposable }) => imposable);
