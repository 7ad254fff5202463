/** Root-mean-square normalisation with a hand-written gradient. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { type FusedAttributes, hasFused, runFused } from "../fused.ts";
import { customGrad } from "./custom-grad.ts";

/**
 * `y = x / √(mean(x²) + epsilon) · weight`.
 *
 * @param x [row, dim] float32
 * @param weight [dim] float32
 * @returns [row, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 * Source: Zhang & Sennrich, Root Mean Square Layer Normalization, eq. 4.
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  if (hasFused()) return fusedNorm(x, weight, epsilon);
  const op = customGrad((input, gain, save) => {
    const rows = input as tf.Tensor2D;
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(rows), -1, true), epsilon));
    const unit = tf.mul(rows, inverse);
    (save as tf.GradSaveFunc)([unit, inverse, gain as tf.Tensor]);
    return {
      value: tf.mul(unit, gain as tf.Tensor),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [unitRows, inverseRms, gainRow] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const direct = tf.mul(dy, gainRow);
        const along = tf.mean(tf.mul(direct, unitRows), -1, true);
        return [
          tf.mul(inverseRms, tf.sub(direct, tf.mul(unitRows, along))),
          tf.sum(tf.mul(dy, unitRows), 0),
        ];
      },
    };
  });
  return op(x, weight) as tf.Tensor2D;
}

const attributes = new Map<number, FusedAttributes>();

function fusedNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  if (!attributes.has(epsilon)) attributes.set(epsilon, { numbers: { epsilon } });
  const op = customGrad((input, gain, save) => {
    const [y, inverse] = runFused(
      "RcpaRmsNorm",
      [input as tf.Tensor, gain as tf.Tensor],
      attributes.get(epsilon),
    ) as [tf.Tensor, tf.Tensor];
    (save as tf.GradSaveFunc)([input as tf.Tensor, gain as tf.Tensor, inverse]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) =>
        runFused("RcpaRmsNormGrad", [dy, ...saved]),
    };
  });
  return op(x, weight) as tf.Tensor2D;
}
