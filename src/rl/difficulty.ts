/** CDP, difficulty: how much longer or shorter a prompt's prefix is than the curriculum's average. Layer rl. */
import type { CurriculumState } from "./curriculum.ts";

/** What tells hard prompts from easy ones. */
export type DifficultyStrategy = "confidence" | "none" | "unhinted-success" | "ladder";

export interface DifficultyOptions {
  readonly strategy: DifficultyStrategy;
  /** κ: effect of one standard deviation of confidence; power of the difficulty in `unhinted-success`. */
  readonly kappa: number;
  /** Share of the full prefix on each rung of `ladder`. */
  readonly ladder: ReadonlyArray<number>;
}

export const DEFAULT_DIFFICULTY: DifficultyOptions = {
  strategy: "confidence",
  kappa: 0.5,
  ladder: [0, 1 / 3, 2 / 3, 1],
};

/** One batch of prompts; arrays are [prompt]. */
export interface DifficultyBatch {
  readonly ids: ReadonlyArray<string>;
  /** c_x of each reference. */
  readonly confidences: ArrayLike<number>;
}

/**
 * The factor on each prompt's prefix, at least 0: the constraint is ρ_x = clip(ρ_max (1 − P) factor, 0, ρ_max).
 *
 * confidence: 1 + κ (mean c − c_x)/(std c + 10⁻³), population std (ours); none: 1; unhinted-success:
 * d^κ with d = 1 − average unhinted success, before the first such group the rank of c_x in the
 * batch, hardest 1 (ours, after the reading in ADHint 2512.13095); ladder: share of the rung,
 * climbed only by groups without success (GHPO 2507.10628, Hint-GRPO 2503.23905).
 */
export function difficultyFactors(
  state: CurriculumState,
  batch: DifficultyBatch,
  options: DifficultyOptions,
): Float64Array {
  const values = Float64Array.from(batch.confidences);
  switch (options.strategy) {
    case "confidence":
      return standardised(values).map((z) => Math.max(0, 1 + options.kappa * z));
    case "none":
      return values.fill(1);
    case "unhinted-success": {
      const ranks = difficultyRanks(values);
      return ranks.map((rank, x) => {
        const success = state.successes[batch.ids[x]!];
        return (success === undefined ? rank : 1 - success) ** options.kappa;
      });
    }
    case "ladder":
      return values.map((_, x) => {
        const rung = state.rungs[batch.ids[x]!] ?? 0;
        return options.ladder[Math.min(rung, options.ladder.length - 1)]!;
      });
  }
}

/** How many deviations each confidence lies below the mean of the batch. */
function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (mean - value) / (Math.sqrt(variance) + 1e-3));
}

/** Share of the other prompts with a higher confidence; equal ones count half. */
function difficultyRanks(values: Float64Array): Float64Array {
  if (values.length === 1) return Float64Array.of(1);
  return values.map((value) => {
    const above = values.filter((other) => other > value).length;
    const equal = values.filter((other) => other === value).length - 1;
    return (above + equal / 2) / (values.length - 1);
  });
}
