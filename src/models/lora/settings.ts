/** Settings of a low-rank adapter, by the names of the field. Models layer. */

/** Hu et al. 2106.09685; `rankStabilized`: Kalajdzievski 2312.03732. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Share of the inputs that a training pass leaves out, in [0, 1). */
  readonly dropout: number;
  /** Whether updates are scaled by `alpha / √rank`, not `alpha / rank`. */
  readonly rankStabilized: boolean;
}

/** What the product of an adapter's matrices is multiplied with. */
export const scaleOf = ({ rank, alpha, rankStabilized }: LoraSettings): number =>
  alpha / (rankStabilized ? Math.sqrt(rank) : rank);
