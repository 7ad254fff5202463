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
  /** Refused steps in a row that mean divergence. */
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
  readonly consecutive: number;
  readonly skipped: number;
}

export const CALM: SafeguardState = { norms: [], consecutive: 0, skipped: 0 };

export interface StepVerdict {
  readonly state: SafeguardState;
  readonly verdict: "apply" | "skip" | "diverged";
  readonly reason?: "non-finite" | "spike";
}

/**
 * Judges one update step by its loss and its gradient norm before clipping.
 *
 * Non-finite values, and norms above `spike` times the median (or the floor, if that is more), are skipped and counted; `patience`
 * skips in a row are a divergence. Norms of 0 (a step without signal) are applied and not remembered.
 * Source: ours.
 */
export function judgeStep(
  state: SafeguardState,
  step: { readonly loss: number; readonly gradientNorm: number },
  options: SafeguardOptions,
): StepVerdict {
  const reason = objection(state, step, options);
  if (reason === undefined) {
    const norms = step.gradientNorm > 0 ? [...state.norms, step.gradientNorm] : state.norms;
    const kept = norms.slice(-options.window);
    return { state: { ...state, norms: kept, consecutive: 0 }, verdict: "apply" };
  }
  const consecutive = state.consecutive + 1;
  return {
    state: { ...state, consecutive, skipped: state.skipped + 1 },
    verdict: consecutive >= options.patience ? "diverged" : "skip",
    reason,
  };
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
