/** What few repetitions say: means with 95 % intervals by Student's t. Serves all layers. */
import { mean } from "./statistics.ts";

/** A few numbers in short. `low` and `high` bound the 95 % interval of the mean; null with fewer than two. */
export interface Sample {
  readonly n: number;
  readonly mean: number;
  readonly least: number;
  readonly greatest: number;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Mean, range and 95 % interval of independent repetitions, one at least.
 *
 *   mean ∓ t₀.₉₇₅(n − 1) · s / √n
 *
 * `s` is the standard deviation with n − 1 in the denominator.
 */
export function sampleOf(values: ReadonlyArray<number>): Sample {
  const n = values.length;
  const center = mean(values);
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const known = { n, mean: center, least, greatest };
  if (n < 2) return { ...known, low: null, high: null };
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  const reach = (t95(n - 1) * Math.sqrt(squares / (n - 1))) / Math.sqrt(n);
  return { ...known, low: center - reach, high: center + reach };
}

/** The 97.5 % point of Student's t with `degrees` ≥ 1 degrees of freedom. */
export function t95(degrees: number): number {
  let [low, high] = [0, 16];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (within(middle, degrees) < 0.95) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The probability that |T| ≤ `t`.
 *
 * Source: Abramowitz & Stegun 26.7.3 (odd degrees) and 26.7.4 (even degrees).
 */
function within(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, square] = [Math.sin(angle), Math.cos(angle) ** 2];
  const odd = degrees % 2 === 1;
  let term = odd ? Math.cos(angle) : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= (square * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
