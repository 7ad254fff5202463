/** One step under imposed prefixes: measure familiarity, advance, impose, reinforce, remember. Serves partialConstraint and transition. */
import { stream } from "../core/seed.ts";
import type { Difficulty, Imitation, Prefix, Progress } from "../dsl/curriculum.ts";
import { type CurriculumState, DEFAULT_MEMORY, recordGroups } from "../rl/curriculum.ts";
import { DEFAULT_DIFFICULTY } from "../rl/difficulty.ts";
import { DEFAULT_FAMILIARITY, observeFamiliarity, observeUnhinted } from "../rl/familiarity.ts";
import { imitatedLengths } from "../rl/imitation.ts";
import { DEFAULT_PREFIX, type Prefixes, prefixLengths } from "../rl/prefix.ts";
import { advanceProgress, DEFAULT_PROGRESS } from "../rl/progress.ts";
import {
  type ReinforcementOptions,
  type ReinforcementStep,
  reinforce,
  type SampledStep,
} from "./reinforce.ts";
import type { Rollouts } from "./rollout.ts";
import type { Learner, Session } from "./session.ts";
import { measureConfidence, type Problem, stepCuts } from "./worked.ts";

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

/**
 * Samples step `index` of `total`; finishing it changes `learner` and its curriculum in place.
 *
 * @param fadeSteps when given, progress also gains at least 1 / fadeSteps
 * Fails: throws `Diverged`.
 */
export function constrainedStep<Memory extends { curriculum: CurriculumState }>(
  session: Session,
  learner: Learner<Memory>,
  problems: ReadonlyArray<Problem>,
  options: ConstrainedOptions,
  index: number,
  total: number,
  fadeSteps?: number,
): SampledStep<ConstrainedStep> {
  const confidences = measureConfidence(learner.policy, problems, session.microBatch.rows);
  const lengths = problems.map(({ reference }) => reference.length);
  const known = confidences.filter((_, x) => lengths[x]! > 0);
  const progress = { ...DEFAULT_PROGRESS, ...options.progress };
  const familiar =
    known.length === 0
      ? learner.memory.curriculum
      : observeFamiliarity(learner.memory.curriculum, known, DEFAULT_FAMILIARITY);
  const state = advanceProgress(familiar, progress, fadeSteps);
  const ids = problems.map(({ example }) => example.id);
  const imposable = problems.map((problem) => problem.imposable);
  const cuts =
    options.prefix.cuts === "step"
      ? problems.map((problem) => stepCuts(session.base, problem))
      : undefined;
  const prefixes = prefixLengths(
    state,
    {
      ...{ ids, confidences, lengths, imposable },
      ...(cuts === undefined ? {} : { cuts }),
    },
    { ...DEFAULT_PREFIX, ...options.prefix },
    { ...DEFAULT_DIFFICULTY, ...options.difficulty },
    stream(session.seed, session.stage, "prefix", index),
  );
  const imitated = (successes: ReadonlyArray<number>) =>
    imitatedLengths(
      { progress: state.progress, prefixes: prefixes.lengths, successes, lengths, imposable },
      options.imitation,
    );
  const constraint = { imposed: prefixes.lengths, imitation: options.imitation, imitated };
  const begun = reinforce(session, learner, problems, constraint, options, index, total);
  const unhinted = unhintedGroups(problems, prefixes);
  const finish = (rollouts: Rollouts): ConstrainedStep => {
    const step = begun.finish(rollouts);
    learner.memory.curriculum = remember(state, problems, step, unhinted);
    const spreads = unhinted.map((x) => step.zeroSpread[x]!);
    return {
      metrics: { ...step.metrics, ...describe(learner.memory.curriculum, lengths, prefixes) },
      rollouts,
      zeroSpreadShare: spreads.length === 0 ? undefined : sum(spreads) / spreads.length,
    };
  };
  return { ...begun, finish };
}

/** Groups without prefix by chance or for want of a reference; a prompt too easy for one would flatter. */
function unhintedGroups(problems: ReadonlyArray<Problem>, { dropped }: Prefixes): Array<number> {
  return problems.flatMap(({ reference }, x) =>
    dropped[x] === 1 || reference.length === 0 ? [x] : [],
  );
}

function remember(
  state: CurriculumState,
  problems: ReadonlyArray<Problem>,
  { rollouts }: ReinforcementStep,
  unhinted: ReadonlyArray<number>,
): CurriculumState {
  const outcomes = problems.map(({ example }, x) => ({
    id: example.id,
    success: rollouts.success[x]!,
    unhinted: unhinted.includes(x),
  }));
  const recorded = recordGroups(state, outcomes, DEFAULT_MEMORY);
  if (unhinted.length === 0) return recorded;
  const successes = unhinted.map((x) => rollouts.success[x]!);
  return observeUnhinted(recorded, successes, DEFAULT_FAMILIARITY);
}

function describe(
  { familiarity, progress, unhintedSuccess }: CurriculumState,
  lengths: ReadonlyArray<number>,
  prefixes: Prefixes,
): Record<string, number> {
  const constraintRatio = meanRatio(prefixes.lengths, lengths);
  return { familiarity, progress, unhintedSuccess, constraintRatio };
}

/** Mean share of the references that is imposed, over the problems that have one; 0 without any. */
export function meanRatio(imposed: ArrayLike<number>, lengths: ReadonlyArray<number>): number {
  const shares = lengths.flatMap((length, x) => (length > 1 ? [imposed[x]! / (length - 1)] : []));
  return shares.length === 0 ? 0 : sum(shares) / shares.length;
}

const sum = (values: ReadonlyArray<number>) => values.reduce((total, value) => total + value, 0);
