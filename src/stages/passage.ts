/** Where a transition stands: under the constraint, on probation without it, or through. Serves transition. */
import type { CurriculumState } from "../rl/curriculum.ts";
import { type ProgressOptions, returnToConstraint } from "../rl/progress.ts";
import {
  CLOSED_GATE,
  type GateDecision,
  gate,
  type Probe,
  regress,
  type TransitionOptions,
} from "../rl/transition.ts";

/** A stage's memory, JSON; replaced by each probe. */
export interface Passage {
  curriculum: CurriculumState;
  decision: Pick<GateDecision, "state" | "open"> & Partial<GateDecision>;
  /** Steps since the constraint began or came back, or on probation since it fell. */
  steps: number;
  /** The gate is open, and whether it stays so is being watched. */
  watching: boolean;
  /** Steps of the stage after which half of the constraint came back. */
  returnedAfter?: number;
}

/** How a passage is judged. */
export interface PassageOptions extends TransitionOptions {
  readonly progress: ProgressOptions;
  /** Steps of the probation; null: none. */
  readonly probation: number | null;
}

/** A passage at the stage's first step; with P = 1 there is nothing to lift, at most to watch. */
export function startPassage(
  curriculum: CurriculumState,
  { probation }: Pick<PassageOptions, "probation">,
): Passage {
  const open = curriculum.progress >= 1;
  const decision = { state: CLOSED_GATE, open };
  return { curriculum, decision, steps: 0, watching: open && probation !== null };
}

/** Most steps that a passage can take. */
export const mostSteps = ({
  maximumSteps,
  probation,
}: Pick<PassageOptions, "maximumSteps" | "probation">): number =>
  probation === null ? maximumSteps : 2 * maximumSteps + probation;

/** Whether the gate is open for good. */
export const isThrough = ({ decision, watching }: Passage): boolean => decision.open && !watching;

/**
 * The passage after step `index` of the stage, whose curriculum and spread are given.
 *
 * Under the constraint the gate decides; where it opens, the constraint is gone at once, and a probation
 * follows unless the one return has been used. Source: ours (hysteresis).
 */
export function afterStep(
  before: Passage,
  index: number,
  measured: Pick<Passage, "curriculum"> & Pick<Probe, "zeroSpreadShare">,
  options: PassageOptions,
): Passage {
  const { curriculum, ...spread } = measured;
  const { familiarity, progress, unhintedSuccess } = curriculum;
  const steps = before.steps + 1;
  const probe = { step: steps, progress, familiarity, unhintedSuccess, ...spread };
  const now = { ...before, curriculum, steps };
  return before.watching ? watched(now, index, probe, options) : constrained(now, probe, options);
}

function constrained(now: Passage, probe: Probe, options: PassageOptions): Passage {
  const decision = gate(now.decision.state, probe, options);
  const { state, open } = decision;
  if (!open || state.returned || options.probation === null) return { ...now, decision };
  return {
    ...now,
    // The streak counted familiar probes; on probation it counts those that find the domain lost.
    decision: { ...decision, state: { ...state, streak: 0 } },
    curriculum: { ...now.curriculum, progress: 1 },
    steps: 0,
    watching: true,
  };
}

function watched(now: Passage, index: number, probe: Probe, options: PassageOptions): Passage {
  const { state, back } = regress(now.decision.state, probe, options);
  if (back) {
    return {
      curriculum: returnToConstraint(now.curriculum, options.progress),
      decision: { state, open: false },
      steps: 0,
      watching: false,
      returnedAfter: index + 1,
    };
  }
  return { ...now, decision: { ...now.decision, state }, watching: now.steps < options.probation! };
}
