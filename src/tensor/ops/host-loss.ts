/** Brings a loss computed on the host, with its own gradient, into the tape. Serves `models` and `stages`. */
import * as tf from "@tensorflow/tfjs-core";
import { customGrad } from "./custom-grad.ts";

/** A loss value and its gradient with respect to each input value, same order and length as the input. */
export interface HostLoss {
  readonly loss: number;
  readonly gradient: Float32Array;
}

/**
 * `loss(values)` as a differentiable scalar, where the loss is plain host code over typed arrays.
 *
 * The objectives of `rl` are small sums over per-token log-probabilities: computing them once on
 * the host with their analytic gradient keeps them independent of the backend and testable alone.
 *
 * @param values any shape, float32; read back to the host
 * @returns scalar float32
 * Memory: caller owns the result; call inside a tidy.
 */
export function hostLoss(values: tf.Tensor, loss: (values: Float32Array) => HostLoss): tf.Scalar {
  const op = customGrad((input, save) => {
    const x = input as tf.Tensor;
    const result = loss(x.dataSync<"float32">());
    (save as tf.GradSaveFunc)([tf.tensor(result.gradient, x.shape, "float32")]);
    return {
      value: tf.scalar(result.loss),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => tf.mul(saved[0]!, dy),
    };
  });
  return op(values) as tf.Scalar;
}
