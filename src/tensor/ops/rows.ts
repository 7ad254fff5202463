/** Picking rows of a matrix, with gradients on every backend. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { customGrad } from "./custom-grad.ts";

/**
 * Rows of a table by index, repeats allowed: an embedding lookup.
 *
 * @param table [row, dim] float32
 * @param index values in [0, row)
 * @returns [index, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 */
export function embed(table: tf.Tensor2D, index: Int32Array): tf.Tensor2D {
  const op = customGrad((input) => {
    const picked = tf.tensor1d(index, "int32");
    const [rows] = (input as tf.Tensor2D).shape;
    return {
      value: tf.gather(input as tf.Tensor2D, picked),
      gradFunc: (dy: tf.Tensor) => scatterAdd(dy as tf.Tensor2D, index, rows),
    };
  });
  return op(table) as tf.Tensor2D;
}

function scatterAdd(dy: tf.Tensor2D, index: Int32Array, rows: number): tf.Tensor2D {
  const segments = tf.tensor1d(index, "int32");
  if (tf.getBackend() !== "wasm") return tf.unsortedSegmentSum(dy, segments, rows);
  // wasm lacks unsortedSegmentSum; a one-hot product does the same sum.
  return tf.matMul(tf.transpose(tf.cast(tf.oneHot(segments, rows), "float32")), dy) as tf.Tensor2D;
}

/**
 * Rearranges rows; each source row may be used at most once, and −1 gives a row of zeros.
 *
 * Its gradient is the inverse rearrangement, so it needs no scatter and works on every backend.
 *
 * @param x [row, dim] float32
 * @param index values in [−1, row), no value but −1 twice
 * @returns [index, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 */
export function rearrange(x: tf.Tensor2D, index: Int32Array): tf.Tensor2D {
  const inverse = new Int32Array(x.shape[0]).fill(-1);
  index.forEach((source, target) => {
    if (source >= 0) inverse[source] = target;
  });
  const op = customGrad((input) => ({
    value: gatherOrZero(input as tf.Tensor2D, index),
    gradFunc: (dy: tf.Tensor) => gatherOrZero(dy as tf.Tensor2D, inverse),
  }));
  return op(x) as tf.Tensor2D;
}

function gatherOrZero(x: tf.Tensor2D, index: Int32Array): tf.Tensor2D {
  const [rows, dim] = x.shape;
  if (!index.includes(-1)) return tf.gather(x, tf.tensor1d(index, "int32"));
  const padded = tf.concat([x, tf.zeros([1, dim])], 0) as tf.Tensor2D;
  return tf.gather(
    padded,
    tf.tensor1d(
      index.map((source) => (source < 0 ? rows : source)),
      "int32",
    ),
  );
}
