/** Language-model heads: log-probabilities of given tokens, and divergence from a given distribution. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "../fused.ts";
import { customGrad } from "./custom-grad.ts";
import { matMulTransposedLeft, matMulTransposedRight } from "./linear.ts";

/**
 * `log softmax(hidden · headᵀ)[row, target[row]]`.
 *
 * @param hidden [row, dim] float32
 * @param head [vocab, dim] float32
 * @param targets one token id a row, in [0, vocab)
 * @returns [row] float32, nats; gradients flow to `hidden` and `head`
 * Memory: caller owns the result; call inside a tidy.
 */
export function logProbabilities(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
): tf.Tensor1D {
  if (hasFused()) return fusedLogProbabilities(hidden, head, targets);
  const vocab = head.shape[0];
  const op = customGrad((rows, matrix, save) => {
    const logProbs = logSoftmaxRows(matMulTransposedRight(rows as tf.Tensor, matrix as tf.Tensor));
    const chosen = tf.cast(tf.oneHot(tf.tensor1d(targets, "int32"), vocab), "float32");
    (save as tf.GradSaveFunc)([rows as tf.Tensor, matrix as tf.Tensor, logProbs, chosen]);
    return {
      value: tf.sum(tf.mul(logProbs, chosen), 1),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [hiddenRows, headRows, logRows, chosenRows] = saved as Array<tf.Tensor>;
        const residual = tf.sub(chosenRows!, tf.exp(logRows!));
        return headGradients(tf.mul(residual, tf.reshape(dy, [-1, 1])), hiddenRows!, headRows!);
      },
    };
  });
  return op(hidden, head) as tf.Tensor1D;
}

/**
 * `Σ_row weight[row] · KL(base[row] ‖ softmax(hidden[row] · headᵀ))`.
 *
 * @param hidden [row, dim] float32
 * @param head [vocab, dim] float32
 * @param base log-probabilities of the distribution to stay near, [row, vocab] float32, nats
 * @param weights [row] float32; 0 leaves a row out
 * @returns scalar float32, nats; gradients flow to `hidden` and `head`
 * Memory: caller owns the result; call inside a tidy.
 */
export function divergenceFrom(
  base: tf.Tensor2D,
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  weights: tf.Tensor1D,
): tf.Scalar {
  if (hasFused()) return fusedDivergence(base, hidden, head, weights);
  const op = customGrad((rows, matrix, save) => {
    const logProbs = logSoftmaxRows(matMulTransposedRight(rows as tf.Tensor, matrix as tf.Tensor));
    const baseProbs = tf.exp(base);
    const divergence = tf.sum(tf.mul(baseProbs, tf.sub(base, logProbs)), 1);
    (save as tf.GradSaveFunc)([
      rows as tf.Tensor,
      matrix as tf.Tensor,
      logProbs,
      baseProbs,
      weights,
    ]);
    return {
      value: tf.sum(tf.mul(divergence, weights)),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [hiddenRows, headRows, logRows, baseRows, rowWeights] = saved as Array<tf.Tensor>;
        const residual = tf.sub(tf.exp(logRows!), baseRows!);
        const scale = tf.reshape(tf.mul(rowWeights!, dy), [-1, 1]);
        return headGradients(tf.mul(residual, scale), hiddenRows!, headRows!);
      },
    };
  });
  return op(hidden, head) as tf.Scalar;
}

/**
 * `Σ_row weight[row] · H(softmax(hidden[row] · headᵀ))`, H the entropy.
 *
 * @param hidden [row, dim] float32
 * @param head [vocab, dim] float32
 * @param weights [row] float32; 0 leaves a row out
 * @returns scalar float32, nats; gradients flow to `hidden` and `head`
 * Memory: caller owns the result; call inside a tidy.
 */
export function weightedEntropy(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  weights: tf.Tensor1D,
): tf.Scalar {
  const op = customGrad((rows, matrix, save) => {
    const logProbs = logSoftmaxRows(matMulTransposedRight(rows as tf.Tensor, matrix as tf.Tensor));
    const entropies = tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), 1));
    (save as tf.GradSaveFunc)([
      rows as tf.Tensor,
      matrix as tf.Tensor,
      logProbs,
      entropies,
      weights,
    ]);
    return {
      value: tf.sum(tf.mul(entropies, weights)),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [hiddenRows, headRows, logRows, entropyRows, rowWeights] = saved as Array<tf.Tensor>;
        const surprise = tf.add(logRows!, tf.reshape(entropyRows!, [-1, 1]));
        const residual = tf.neg(tf.mul(tf.exp(logRows!), surprise));
        const scale = tf.reshape(tf.mul(rowWeights!, dy), [-1, 1]);
        return headGradients(tf.mul(residual, scale), hiddenRows!, headRows!);
      },
    };
  });
  return op(hidden, head) as tf.Scalar;
}

/**
 * The whole distribution: `log softmax(hidden · headᵀ)`, without a gradient of its own.
 *
 * @returns [row, vocab] float32, nats
 * Memory: caller owns the result; call inside a tidy.
 */
export function logDistribution(hidden: tf.Tensor2D, head: tf.Tensor2D): tf.Tensor2D {
  const logits = matMulTransposedRight(hidden, head);
  return hasFused()
    ? (runFused("RcpaLogSoftmax", [logits])[0] as tf.Tensor2D)
    : logSoftmaxRows(logits);
}

function logSoftmaxRows(logits: tf.Tensor): tf.Tensor2D {
  const shifted = tf.sub(logits, tf.max(logits, 1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true))) as tf.Tensor2D;
}

function headGradients(dLogits: tf.Tensor, hidden: tf.Tensor, head: tf.Tensor): Array<tf.Tensor> {
  return [tf.matMul(dLogits, head), matMulTransposedLeft(dLogits, hidden)];
}

function fusedLogProbabilities(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
): tf.Tensor1D {
  const op = customGrad((rows, matrix, save) => {
    const logits = tf.matMul(rows as tf.Tensor, matrix as tf.Tensor, false, true);
    const ids = tf.tensor1d(targets, "int32");
    const [picked, logSums] = runFused("RcpaPick", [logits, ids]) as [tf.Tensor, tf.Tensor];
    (save as tf.GradSaveFunc)([rows as tf.Tensor, matrix as tf.Tensor, logits, ids, logSums]);
    return {
      value: picked,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [hiddenRows, headRows, ...own] = saved as [tf.Tensor, tf.Tensor, ...Array<tf.Tensor>];
        return headGradients(runFused("RcpaPickGrad", [dy, ...own])[0]!, hiddenRows, headRows);
      },
    };
  });
  return op(hidden, head) as tf.Tensor1D;
}

function fusedDivergence(
  base: tf.Tensor2D,
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  weights: tf.Tensor1D,
): tf.Scalar {
  const op = customGrad((rows, matrix, save) => {
    const logits = tf.matMul(rows as tf.Tensor, matrix as tf.Tensor, false, true);
    const [value, dLogits] = runFused("RcpaDivergence", [base, logits, weights]) as [
      tf.Tensor,
      tf.Tensor,
    ];
    (save as tf.GradSaveFunc)([rows as tf.Tensor, matrix as tf.Tensor, dLogits]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [hiddenRows, headRows, slope] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        return headGradients(tf.mul(slope, dy), hiddenRows, headRows);
      },
    };
  });
  return op(hidden, head) as tf.Scalar;
}
