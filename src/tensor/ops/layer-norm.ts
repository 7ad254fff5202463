/** Layer normalisation with a hand-written gradient. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { customGrad } from "./custom-grad.ts";

/**
 * `y = (x − mean(x)) / √(var(x) + epsilon) · weight + bias`.
 *
 * @param x [row, dim] float32
 * @param weight [dim] float32
 * @param bias [dim] float32
 * @returns [row, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 * Source: Ba, Kiros & Hinton, Layer Normalization, eq. 4.
 */
export function layerNorm(
  x: tf.Tensor2D,
  weight: tf.Tensor1D,
  bias: tf.Tensor1D,
  epsilon: number,
): tf.Tensor2D {
  const op = customGrad((input, gain, shift, save) => {
    const centred = tf.sub(input as tf.Tensor, tf.mean(input as tf.Tensor, -1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    const unit = tf.mul(centred, inverse);
    (save as tf.GradSaveFunc)([unit, inverse, gain as tf.Tensor]);
    return {
      value: tf.add(tf.mul(unit, gain as tf.Tensor), shift as tf.Tensor),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [unitRows, inverseDeviation, gainRow] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const direct = tf.mul(dy, gainRow);
        const along = tf.mean(tf.mul(direct, unitRows), -1, true);
        const level = tf.sub(direct, tf.mean(direct, -1, true));
        return [
          tf.mul(inverseDeviation, tf.sub(level, tf.mul(unitRows, along))),
          tf.sum(tf.mul(dy, unitRows), 0),
          tf.sum(dy, 0),
        ];
      },
    };
  });
  return op(x, weight, bias) as tf.Tensor2D;
}
