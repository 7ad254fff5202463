/** Numbers that change with the training step, such as the learning rate. Layer rl. */

export interface ScheduleOptions {
  readonly kind: "constant" | "linear" | "cosine";
  /** Value at the end of the warmup. */
  readonly peak: number;
  /** Steps of linear rise; the first one is already above 0. */
  readonly warmup: number;
  /** Steps in all; the value stays at its floor after them. */
  readonly total: number;
  /** Share of the peak that is left at the end. */
  readonly floor: number;
}

/** The prototype's learning rate: ten steps up, then a line down to a tenth. */
export const DEFAULT_SCHEDULE: ScheduleOptions = {
  kind: "linear",
  peak: 3e-4,
  warmup: 10,
  total: 600,
  floor: 0.1,
};

/**
 * The value at a step, counted from 0.
 *
 * Warmup: peak (step + 1)/warmup; then from peak to floor · peak along a line or half a cosine.
 */
export function scheduled(options: ScheduleOptions, step: number): number {
  const { kind, peak, warmup, total, floor } = options;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const span = Math.max(1, total - 1 - warmup);
  const share = Math.min(1, Math.max(0, (step - warmup) / span));
  const left = { constant: 1, linear: 1 - share, cosine: (1 + Math.cos(Math.PI * share)) / 2 };
  return peak * (floor + (1 - floor) * left[kind]);
}
