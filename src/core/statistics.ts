/** What evaluation reports say with certainty: means, and 95 % intervals of accuracies and their ratios. Serves all layers. */

/** An estimate with the bounds of its confidence interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the standard normal distribution. */
const z95 = 1.959963984540054;

/** The arithmetic mean; NaN of nothing. */
export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The score interval of a proportion.
 *
 *   (2k + z² ∓ z √(z² + 4k(1 − k/n))) / 2(n + z²)
 *
 * `successes` k of `trials` n ≥ 1; `z` defaults to 95 %.
 * Source: Wilson 1927, without continuity correction.
 */
export function wilson(successes: number, trials: number, z = z95): Interval {
  const rate = successes / trials;
  const middle = 2 * successes + z * z;
  const reach = z * Math.sqrt(z * z + 4 * successes * (1 - rate));
  const scale = 2 * (trials + z * z);
  // Rounding can leave −1e-17 and 1 + 2e-16 at the ends.
  const low = Math.max(0, (middle - reach) / scale);
  return { estimate: rate, low, high: Math.min(1, (middle + reach) / scale) };
}

/**
 * Retention: accuracy after over accuracy before on the same items, with its 95 % interval.
 *
 * Two Wilson intervals at a critical value lowered for the pairing are divided crosswise. Unlike the
 * delta method and the bootstrap it keeps its width where all outcomes agree, and it is deterministic.
 * `before` and `after` say item by item whether it was right, in the same order. Without a success
 * before, the estimate is NaN and the interval [0, ∞].
 * Fails: with a RangeError when the lists differ in length.
 * Source: Bonett & Price 2006, the hybrid Wilson interval of a ratio of paired proportions.
 */
export function retention(before: ReadonlyArray<boolean>, after: ReadonlyArray<boolean>): Interval {
  if (before.length !== after.length)
    throw new RangeError(`retention pairs ${before.length} outcomes with ${after.length}`);
  const successesBefore = before.filter(Boolean).length;
  const successesAfter = after.filter(Boolean).length;
  if (successesBefore === 0)
    return { estimate: Number.NaN, low: 0, high: Number.POSITIVE_INFINITY };
  const either = before.filter((one, item) => one || after[item]).length;
  const changed = before.filter((one, item) => one !== after[item]).length;
  const error = (successes: number) =>
    Math.sqrt((1 - (successes + 1) / (either + 2)) / (successes + 1));
  const paired = Math.sqrt((changed + 2) / ((successesBefore + 1) * (successesAfter + 1)));
  const z = (z95 * paired) / (error(successesBefore) + error(successesAfter));
  const [old, now] = [wilson(successesBefore, either, z), wilson(successesAfter, either, z)];
  return {
    estimate: successesAfter / successesBefore,
    low: now.low / old.high,
    high: now.high / old.low,
  };
}

/** The mean of `values` and its normal interval, mean ∓ z s/√n, with s over n − 1; of one value it is the value alone. */
export function meanInterval(values: ReadonlyArray<number>, z = z95): Interval {
  const estimate = mean(values);
  const reach = z * standardError(values, estimate);
  return { estimate, low: estimate - reach, high: estimate + reach };
}

/** Standard error of a mean. */
function standardError(values: ReadonlyArray<number>, center: number): number {
  const n = values.length;
  if (n < 2) return 0;
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (n - 1) / n);
}

/**
 * Retention where items have scores in [0, 1]: mean after over mean before, paired by item, with its 95 % interval.
 *
 *   r ∓ z s / (√n b̄),  s the standard deviation of  aᵢ − r bᵢ  over n − 1
 *
 * Where all items keep their scores the interval has no width, unlike that of `retention`. Without a
 * score before, the estimate is NaN and the interval [0, ∞].
 * Fails: with a RangeError when the lists differ in length.
 * Source: the ratio estimator of Cochran, Sampling Techniques, 1977, section 6.
 */
export function scoreRetention(
  before: ReadonlyArray<number>,
  after: ReadonlyArray<number>,
): Interval {
  if (before.length !== after.length)
    throw new RangeError(`retention pairs ${before.length} scores with ${after.length}`);
  const [old, now] = [mean(before), mean(after)];
  if (!(old > 0)) return { estimate: Number.NaN, low: 0, high: Number.POSITIVE_INFINITY };
  const estimate = now / old;
  const rests = after.map((score, item) => score - estimate * before[item]!);
  const reach = (z95 * standardError(rests, 0)) / old;
  return { estimate, low: Math.max(0, estimate - reach), high: estimate + reach };
}
