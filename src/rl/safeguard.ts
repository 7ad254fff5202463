/** Refuses update steps whose gradient cannot be trusted, and tells when training has diverged. Layer rl. */
import { quantile } from "./entropy.ts";

export interface SafeguardOptions {
  /** A gradient norm above this multiple of the median of recent ones is refused. */
  readonly spike: number;
  /**
   * The median counts as at least this much: the norm that gradients are clipped to. Late in
   * training most gradients nearly vanish, and an ordinary one is no explosion beside them.
   */
  readonly floor: number;
  /** Accepted norms the median is taken over. */
  readonly window: number;
  /** Norms needed before spikes are judged. */
  readonly minimum: number;
  /** Refused steps in a row after which the matter is decided: divergence, or a new usual size. */
  readonly patience: number;
}

export const DEFAULT_SAFEGUARD: SafeguardOptions = {
  spike: 10,
  floor: 1,
  window: 50,
  minimum: 10,
  patience: 5,
};

/** Plain value for checkpoints. */
export interface SafeguardState {
  /** Gradient norms of the last accepted steps, oldest first. */
  readonly norms: ReadonlyArray<number>;
  /** Finite norms refused since the last accepted step, oldest first. */
  readonly spikes: ReadonlyArray<number>;
  /** Refused steps since the last accepted one. */
  readonly consecutive: number;
  readonly skipped: number;
}

export const CALM: SafeguardState = { norms: [], spikes: [], consecutive: 0, skipped: 0 };

export interface StepVerdict {
  readonly state: SafeguardState;
  readonly verdict: "apply" | "skip" | "diverged";
  readonly reason?: "non-finite" | "spike";
}

/**
 * Judges one update step by its loss and its gradient norm before clipping.
 *
 * Non-finite values, and norms above `spike` times the median (or the floor, if that is more), are skipped and counted.
 * When `patience` steps in a row were to be skipped, and one of them is not finite, training has diverged. Were all of
 * them spikes, then gradients have become larger for good, as when a policy far from the base is pulled back: the step is
 * applied, and the median starts anew from those norms. Clipping bounds the step's length meanwhile, and the rollback
 * watches the policy. Norms of 0 (a step without signal) are applied and not remembered. Source: ours.
 */
export function judgeStep(
  state: SafeguardState,
  step: { readonly loss: number; readonly gradientNorm: number },
  options: SafeguardOptions,
): StepVerdict {
  const reason = objection(state, step, options);
  const { gradientNorm } = step;
  if (reason === undefined) {
    const norms = gradientNorm > 0 ? [...state.norms, gradientNorm] : state.norms;
    return accepted(state, norms.slice(-options.window));
  }
  const consecutive = state.consecutive + 1;
  const spikes = reason === "spike" ? [...state.spikes, gradientNorm] : state.spikes;
  const decided = consecutive >= options.patience;
  if (decided && spikes.length === consecutive) return accepted(state, spikes);
  return {
    state: { ...state, spikes, consecutive, skipped: state.skipped + 1 },
    verdict: decided ? "diverged" : "skip",
    reason,
  };
}

function accepted(state: SafeguardState, norms: ReadonlyArray<number>): StepVerdict {
  return { state: { ...state, norms, spikes: [], consecutive: 0 }, verdict: "apply" };
}

function objection(
  state: SafeguardState,
  step: { readonly loss: number; readonly gradientNorm: number },
  options: SafeguardOptions,
): StepVerdict["reason"] {
  if (!Number.isFinite(step.loss) || !Number.isFinite(step.gradientNorm)) return "non-finite";
  if (state.norms.length < options.minimum) return undefined;
  const usual = Math.max(options.floor, quantile(state.norms, 0.5));
  return step.gradientNorm > options.spike * usual ? "spike" : undefined;
}

/** Factor that brings a gradient of this norm down to `maximum`, 1 when it is within. */
export function clipFactor(norm: number, maximum: number): number {
  return norm > maximum ? maximum / norm : 1;
}
