/** Numeric gradients, as a second opinion on hand-written ones. Used by tensor tests. */

// Wide enough that float32 rounding (1e-7 / step) and the fourth-order remainder are both ~1e-5.
const STEP = 0.02;

/**
 * The gradient of a scalar function by fourth-order central differences,
 * `(8 (f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12 h`.
 *
 * @param at the point; it is not changed
 */
export function finiteDifference(f: (x: Float32Array) => number, at: Float32Array): Float64Array {
  const moved = (index: number, by: number) => {
    const x = Float32Array.from(at);
    x[index]! += by;
    return f(x);
  };
  return Float64Array.from(at, (_, index) => {
    const near = moved(index, STEP) - moved(index, -STEP);
    const far = moved(index, 2 * STEP) - moved(index, -2 * STEP);
    return (8 * near - far) / (12 * STEP);
  });
}
