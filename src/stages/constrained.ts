/** One step under imposed prefixes: measure familiarity, advance, impose, reinforce, remember. Serves partialConstraint and transition. */
import { stream } from "../core/seed.ts";
import type { Difficulty, Imitation, Prefix, Progress } from "../dsl/curriculum.ts";
import { type CurriculumState, DEFAULT_MEMORY, recordGroups } from "../rl/curriculum.ts";
import { DEFAULT_FAMILIARITY, observeFamiliarity, observeUnhinted } from "../rl/familiarity.ts";
import { imitatedLengths } from "../rl/imitation.ts";
import { advanceProgress, DEFAULT_PROGRESS } from "../rl/progress.ts";
import { type Draw, drawPrefixes, imposableOf, lengthsOf, together } from "./draw.ts";
import {
  type ReinforcementOptions,
  type ReinforcementStep,
  reinforce,
  type SampledStep,
} from "./reinforce.ts";
import type { Rollouts } from "./rollout.ts";
import type { Learner, Session } from "./session.ts";
import { measureConfidence, type Problem } from "./worked.ts";

/** The options that every constrained stage has. */
export interface ConstrainedOptions extends ReinforcementOptions {
  readonly progress: Progress;
  readonly difficulty: Difficulty;
  readonly prefix: Prefix;
  readonly imitation: Imitation;
}

export interface ConstrainedStep extends Pick<ReinforcementStep, "metrics" | "rollouts"> {
  /** Share of groups without prefix whose rewards are all equal; undefined without such a group. */
  readonly zeroSpreadShare: number | undefined;
}

/** What a stage adds to its constrained steps. */
export interface Steering {
  /** Progress also gains at least 1 / fadeSteps. */
  readonly fadeSteps?: number | undefined;
  /** `count` further problems, the same for the same `round`; default: none are to be had. */
  readonly further?: (round: number, count: number) => ReadonlyArray<Problem>;
}

/**
 * Samples step `index` of `total`; finishing it changes `learner` and its curriculum in place.
 *
 * Fails: throws `Diverged`.
 */
export function constrainedStep<Memory extends { curriculum: CurriculumState }>(
  session: Session,
  learner: Learner<Memory>,
  problems: ReadonlyArray<Problem>,
  options: ConstrainedOptions,
  index: number,
  total: number,
  { fadeSteps, further }: Steering = {},
): SampledStep<ConstrainedStep> {
  const confidences = measure(session, learner, problems);
  const state = advance(learner.memory.curriculum, problems, confidences, options, fadeSteps);
  const draw = (chosen: typeof problems, known: Float32Array, ...path: ReadonlyArray<number>) => {
    const random = stream(session.seed, session.stage, "prefix", index, ...path);
    return drawPrefixes(session.base, chosen, known, state, options, random);
  };
  // By round, so that a round which is drawn again for want of memory counts once.
  const draws = [draw(problems, confidences)];
  const imitated = (successes: ReadonlyArray<number>) => {
    const { problems: all, imposed } = together(draws);
    const known = { lengths: lengthsOf(all), imposable: imposableOf(all) };
    const input = { progress: state.progress, prefixes: imposed, successes, ...known };
    return imitatedLengths(input, options.imitation);
  };
  const more = (round: number, count: number) => {
    const chosen = further!(round, count);
    draws[round] = draw(chosen, measure(session, learner, chosen), round);
    return draws[round];
  };
  const constraint = {
    ...{ imposed: draws[0]!.imposed, imitation: options.imitation, imitated },
    ...(further === undefined ? {} : { more }),
  };
  const begun = reinforce(session, learner, problems, constraint, options, index, total);
  const finish = (rollouts: Rollouts): ConstrainedStep => {
    const step = begun.finish(rollouts);
    const all = together(draws);
    learner.memory.curriculum = remember(state, all, step);
    const spreads = [...step.zeroSpread].filter((_, x) => all.unhinted[x]);
    return {
      metrics: { ...step.metrics, ...describe(learner.memory.curriculum, all) },
      rollouts,
      zeroSpreadShare: spreads.length === 0 ? undefined : sum(spreads) / spreads.length,
    };
  };
  return { ...begun, finish };
}

const measure = <Memory>(
  { microBatch }: Session,
  { policy }: Learner<Memory>,
  problems: ReadonlyArray<Problem>,
) => measureConfidence(policy, problems, microBatch.rows);

/** Familiarity by the references of the batch, then progress by familiarity. */
function advance(
  curriculum: CurriculumState,
  problems: ReadonlyArray<Problem>,
  confidences: Float32Array,
  options: ConstrainedOptions,
  fadeSteps: number | undefined,
): CurriculumState {
  const known = confidences.filter((_, x) => problems[x]!.reference.length > 0);
  const familiar =
    known.length === 0 ? curriculum : observeFamiliarity(curriculum, known, DEFAULT_FAMILIARITY);
  return advanceProgress(familiar, { ...DEFAULT_PROGRESS, ...options.progress }, fadeSteps);
}

function remember(
  state: CurriculumState,
  { problems, unhinted }: Draw,
  { rollouts: { success } }: ReinforcementStep,
): CurriculumState {
  const outcomes = problems.map(({ example }, x) => ({
    id: example.id,
    success: success[x]!,
    unhinted: unhinted[x]!,
  }));
  const recorded = recordGroups(state, outcomes, DEFAULT_MEMORY);
  const successes = success.filter((_, x) => unhinted[x]);
  if (successes.length === 0) return recorded;
  return observeUnhinted(recorded, successes, DEFAULT_FAMILIARITY);
}

function describe(
  { familiarity, progress, unhintedSuccess }: CurriculumState,
  { problems, imposed }: Draw,
): Record<string, number> {
  const constraintRatio = meanRatio(imposed, lengthsOf(problems));
  return { familiarity, progress, unhintedSuccess, constraintRatio };
}

/** Mean share of the references that is imposed, over the problems that have one; 0 without any. */
export function meanRatio(imposed: ArrayLike<number>, lengths: ReadonlyArray<number>): number {
  const shares = lengths.flatMap((length, x) => (length > 1 ? [imposed[x]! / (length - 1)] : []));
  return shares.length === 0 ? 0 : sum(shares) / shares.length;
}

const sum = (values: ReadonlyArray<number>) => values.reduce((total, value) => total + value, 0);
