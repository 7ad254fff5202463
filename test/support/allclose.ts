/** Comparison of numeric arrays that shows both on failure. Used by tensor and model tests. */
import { expect } from "vitest";

const LOOSEST = 1e-3;
const SHOWN = 48;

/**
 * Asserts `|actual − expected| ≤ tolerance · max(1, |expected|)` for every value.
 *
 * Refuses tolerances above 1e-3, arrays of different length, and empty ones: none proves anything.
 */
export function expectAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  label = "values",
): void {
  if (!(tolerance <= LOOSEST)) throw new RangeError(`tolerance ${tolerance} is above ${LOOSEST}`);
  if (expected.length === 0) throw new RangeError(`${label}: nothing to compare`);
  expect(actual.length, `${label}: length`).toBe(expected.length);
  const errors = Array.from(expected, (value, index) => {
    const error = Math.abs(actual[index]! - value) / Math.max(1, Math.abs(value));
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  });
  const worst = errors.reduce((best, error, index) => (error > errors[best]! ? index : best), 0);
  if (errors[worst]! <= tolerance) return;
  const wrong = errors.filter((error) => error > tolerance).length;
  const summary = `${label}: ${wrong} of ${errors.length} differ by more than ${tolerance}, most at [${worst}]`;
  const values = `${actual[worst]} instead of ${expected[worst]}`;
  expect.fail(`${summary}: ${values}\nactual   ${shown(actual)}\nexpected ${shown(expected)}`);
}

function shown(values: ArrayLike<number>): string {
  const head = Array.from({ length: Math.min(SHOWN, values.length) }, (_, i) =>
    values[i]!.toPrecision(6),
  );
  return `[${head.join(", ")}${values.length > SHOWN ? ", …" : ""}]`;
}
