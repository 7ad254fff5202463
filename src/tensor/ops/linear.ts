/** Affine maps with hand-written gradients, the workhorse of every layer. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "../fused.ts";
import { mayLearn } from "../gradient.ts";
import { customGrad } from "./custom-grad.ts";

/**
 * `a · bᵀ` for matrices, by an explicit transpose where the backend's transpose flag is slow.
 * tfjs 4.22 on wasm walks a flagged operand column by column, about ten times slower.
 */
export function matMulTransposedRight(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (tf.getBackend() !== "wasm") return tf.matMul(a, b, false, true);
  return tf.matMul(a, tf.transpose(b, swapLastAxes(b.rank)));
}

/** `aᵀ · b` for matrices; see `matMulTransposedRight`. */
export function matMulTransposedLeft(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (tf.getBackend() !== "wasm") return tf.matMul(a, b, true, false);
  return tf.matMul(tf.transpose(a, swapLastAxes(a.rank)), b);
}

function swapLastAxes(rank: number): Array<number> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}

/**
 * `y = x · weight + bias`.
 *
 * @param x [row, dim in] float32
 * @param weight [dim in, dim out] float32; the transpose of PyTorch's layout
 * @param bias [dim out] float32, optional
 * @returns [row, dim out] float32
 * Memory: caller owns the result; call inside a tidy.
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  const product = multiply(x, weight);
  return bias === undefined ? product : addBias(product, bias);
}

function multiply(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  const op = customGrad((input, matrix, save) => {
    // The input is for the weight's gradient alone, and takes as much memory as all else of a frozen layer.
    const learns = mayLearn(matrix as tf.Tensor);
    (save as tf.GradSaveFunc)([matrix as tf.Tensor, ...(learns ? [input as tf.Tensor] : [])]);
    return {
      value: tf.matMul(input as tf.Tensor2D, matrix as tf.Tensor2D),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => [
        () => matMulTransposedRight(dy, saved[0]!),
        () => matMulTransposedLeft(saved[1]!, dy),
      ],
    };
  });
  return op(x, weight) as tf.Tensor2D;
}

/** `x + bias`, row by row. Memory: call inside a tidy. */
export function addBias(x: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const op = customGrad((input, vector) => ({
    value: tf.add(input as tf.Tensor, vector as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => [dy, sumRows(dy)],
  }));
  return op(x, bias) as tf.Tensor2D;
}

/** Σ over rows, [dim]. Memory: call inside a tidy. */
export function sumRows(x: tf.Tensor): tf.Tensor {
  return hasFused() ? runFused("RcpaSumRows", [x])[0]! : tf.sum(x, 0);
}
