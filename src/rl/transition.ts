/** The gate from the partial-constraint phase to the full phase, and the one way back. Layer rl. */

/** Whether the rest of the constraint fades or falls at once when the domain has become familiar. */
export type TransitionMode = "gradual" | "hard";

export interface TransitionOptions {
  readonly mode: TransitionMode;
  /** F*: familiarity from which the domain counts as familiar. */
  readonly familiarity: number;
  /** Largest share of unhinted groups without reward spread that still counts as learnable. */
  readonly zeroSpreadLimit: number;
  /** M: probes in a row that must agree. */
  readonly probes: number;
  /** Steps after which the gate opens in any case. */
  readonly maximumSteps: number;
  /** `gradual`: steps within which the rest of the constraint fades once the domain is familiar. */
  readonly fadeSteps: number;
}

export const DEFAULT_TRANSITION: TransitionOptions = {
  mode: "gradual",
  familiarity: 0.6,
  zeroSpreadLimit: 0.5,
  probes: 3,
  maximumSteps: 500,
  fadeSteps: 100,
};

/** The gate's memory, a plain value for checkpoints. */
export interface TransitionState {
  /** Probes in a row that called the domain familiar (or, in the full phase, lost). */
  readonly streak: number;
  /** Whether the rest of the constraint is fading. */
  readonly fading: boolean;
  /** Whether the one return has been used. */
  readonly returned: boolean;
}

export const CLOSED_GATE: TransitionState = { streak: 0, fading: false, returned: false };

/** One probe of the training: the evidence that becomes a stage result. */
export interface Probe {
  /** Steps since the constrained phase began or was returned to. */
  readonly step: number;
  readonly progress: number;
  readonly familiarity: number;
  readonly unhintedSuccess: number;
  /** Share of unhinted groups whose rewards are all equal; absent when there was no such group. */
  readonly zeroSpreadShare?: number;
}

export interface GateDecision {
  readonly state: TransitionState;
  readonly open: boolean;
  /** Why it opens, or fades; absent while neither. */
  readonly reason?: "progress" | "familiarity" | "limit";
  readonly evidence: Probe;
}

/**
 * Decides after a probe whether the partial-constraint phase is over.
 *
 * Open when P = 1; when φ ≥ F* and the zero-spread share of unhinted groups is within its limit on M
 * probes in a row (`hard`: at once; `gradual`: the constraint fades first, `state.fading`); or at the
 * time limit. A probe without unhinted groups neither adds to the streak nor breaks it.
 * Source: "gradually transitions" is the paper's abstract; evidence and thresholds are ours; a hard
 * switch is CAPO's finding.
 */
export function gate(
  state: TransitionState,
  probe: Probe,
  options: TransitionOptions,
): GateDecision {
  const streak = nextStreak(state, probe, options);
  const fading = state.fading || streak >= options.probes;
  const next = { ...state, streak, fading };
  if (probe.progress >= 1) {
    const reason = fading ? "familiarity" : "progress";
    return { state: next, open: true, reason, evidence: probe };
  }
  if (probe.step >= options.maximumSteps) {
    return { state: next, open: true, reason: "limit", evidence: probe };
  }
  if (!fading) return { state: next, open: false, evidence: probe };
  return { state: next, open: options.mode === "hard", reason: "familiarity", evidence: probe };
}

function nextStreak(state: TransitionState, probe: Probe, options: TransitionOptions): number {
  if (probe.familiarity < options.familiarity) return 0;
  if (probe.zeroSpreadShare === undefined) return state.streak;
  return probe.zeroSpreadShare <= options.zeroSpreadLimit ? state.streak + 1 : 0;
}

/**
 * Decides after a probe in the full phase whether training goes back to the constraint, which happens once at most.
 *
 * Back when unhinted success is under half of F* on M probes in a row. Source: ours (hysteresis).
 */
export function regress(
  state: TransitionState,
  probe: Probe,
  options: TransitionOptions,
): { readonly state: TransitionState; readonly back: boolean } {
  const lost = probe.unhintedSuccess < options.familiarity / 2;
  const streak = lost ? state.streak + 1 : 0;
  if (state.returned || streak < options.probes)
    return { state: { ...state, streak }, back: false };
  return { state: { streak: 0, fading: false, returned: true }, back: true };
}
