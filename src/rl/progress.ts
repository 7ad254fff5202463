/** CPP, the curriculum's progress: how fast the constraint is taken away. Layer rl. */
import type { CurriculumState } from "./curriculum.ts";

/** What drives progress. */
export type ProgressStrategy =
  | "familiarity"
  | "linear"
  | "cosine"
  | "threshold"
  | "reverse"
  | "none";

export interface ProgressOptions {
  readonly strategy: ProgressStrategy;
  /** φ_lo: familiarity at which progress begins (`familiarity`, `threshold`). */
  readonly low: number;
  /** φ_hi: familiarity of fastest progress (`familiarity`) or of P = 1 (`threshold`). */
  readonly high: number;
  /** T_min: steps that `familiarity` needs at least. */
  readonly minimumSteps: number;
  /** Steps until P = 1 (`linear`, `cosine`, `reverse`). */
  readonly duration: number;
  /** Number of stages of `reverse`. */
  readonly stages: number;
}

export const DEFAULT_PROGRESS: ProgressOptions = {
  strategy: "familiarity",
  low: 0.2,
  high: 0.75,
  minimumSteps: 60,
  duration: 300,
  stages: 5,
};

/**
 * Takes one step of the curriculum; P never falls.
 *
 * familiarity: P += clip((φ − φ_lo)/(φ_hi − φ_lo), 0, 1)/T_min, integrating (ours: a threshold sticks
 * because RL drifts off the references' wording); linear: P = t/T; cosine: P = (1 − cos πt/T)/2
 * (UFT 2505.16984); threshold: P = clip(…), the plain reading of "as familiarity increases";
 * reverse: P = ⌊S t/T⌋/S, whose start slides back through the demonstration by stages
 * (R3 2402.05808); none: P stays. With `fadeSteps`, P also gains at least 1/fadeSteps.
 */
export function advanceProgress(
  state: CurriculumState,
  options: ProgressOptions,
  fadeSteps?: number,
): CurriculumState {
  const clock = state.clock + 1;
  const target = targetProgress(state, clock, options);
  const faded = fadeSteps === undefined ? 0 : state.progress + 1 / fadeSteps;
  return {
    ...state,
    step: state.step + 1,
    clock,
    progress: whole(Math.max(state.progress, target, faded)),
  };
}

/**
 * Goes back to a lower progress after a premature transition, the only move by which P falls. Source: ours.
 */
export function returnToConstraint(
  state: CurriculumState,
  options: ProgressOptions,
  progress = 0.5,
): CurriculumState {
  return { ...state, progress, clock: Math.round(options.duration * progress) };
}

function targetProgress(state: CurriculumState, clock: number, options: ProgressOptions): number {
  const share = Math.min(1, clock / options.duration);
  const familiar = clip((state.familiarity - options.low) / (options.high - options.low));
  switch (options.strategy) {
    case "familiarity":
      return state.progress + familiar / options.minimumSteps;
    case "linear":
      return share;
    case "cosine":
      return (1 - Math.cos(Math.PI * share)) / 2;
    case "threshold":
      return familiar;
    case "reverse":
      return Math.floor(share * options.stages) / options.stages;
    case "none":
      return state.progress;
  }
}

const clip = (value: number) => Math.min(1, Math.max(0, value));

/** Bounds P at 1, closing the gap that summing 1/n n times may leave. */
const whole = (progress: number) => (progress > 1 - 1e-9 ? 1 : progress);
