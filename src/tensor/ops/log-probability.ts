/** Language-model heads: log-probabilities of given tokens, and divergence from a given distribution. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "../fused.ts";
import { offTape } from "../gradient.ts";
import { scoped } from "../memory.ts";
import { customGrad } from "./custom-grad.ts";
import { byRows, isLong, type RowNumber } from "./head-chunks.ts";
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
  if (isLong(hidden, head)) return byRows(hidden, head, probabilityOf(targets));
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
        const dLogits = () =>
          tf.mul(tf.sub(chosenRows!, tf.exp(logRows!)), tf.reshape(dy, [-1, 1]));
        return headGradients(dLogits, hiddenRows!, headRows!);
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
        const dLogits = () => {
          const scale = tf.reshape(tf.mul(rowWeights!, dy), [-1, 1]);
          return tf.mul(tf.sub(tf.exp(logRows!), baseRows!), scale);
        };
        return headGradients(dLogits, hiddenRows!, headRows!);
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
  if (isLong(hidden, head)) return tf.sum(tf.mul(byRows(hidden, head, entropyOf), weights));
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
        const dLogits = () => {
          const surprise = tf.add(logRows!, tf.reshape(entropyRows!, [-1, 1]));
          const scale = tf.reshape(tf.mul(rowWeights!, dy), [-1, 1]);
          return tf.neg(tf.mul(tf.mul(tf.exp(logRows!), surprise), scale));
        };
        return headGradients(dLogits, hiddenRows!, headRows!);
      },
    };
  });
  return op(hidden, head) as tf.Scalar;
}

/**
 * `Σ_row weight[row] · KL(softmax(base) ‖ softmax(hidden · headᵀ))`, the base's distribution from its own hidden states.
 *
 * @param base hidden states [row, dim] and head [vocab, dim], constants
 * @returns scalar float32, nats; gradients flow to `hidden` and `head`
 * Memory: as `divergenceFrom`.
 */
export function divergenceBetween(
  base: { readonly hidden: tf.Tensor2D; readonly head: tf.Tensor2D },
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  weights: tf.Tensor1D,
): tf.Scalar {
  if (isLong(hidden, head)) {
    return tf.sum(tf.mul(byRows(hidden, head, divergenceOf(base)), weights));
  }
  const wanted = offTape(() => scoped(() => logDistribution(base.hidden, base.head)));
  return divergenceFrom(wanted, hidden, head, weights);
}

/**
 * Entropy of each row's distribution, without a gradient of its own.
 *
 * @returns [row] float32, nats
 * Memory: caller owns the result; call inside a tidy.
 */
export const rowEntropies = (hidden: tf.Tensor2D, head: tf.Tensor2D): tf.Tensor1D =>
  byRows(hidden, head, entropyOf);

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

/** Log-probability of each row's target. */
function probabilityOf(targets: Int32Array): RowNumber {
  const chosen = (logits: tf.Tensor2D, first: number) => {
    const ids = tf.tensor1d(targets.slice(first, first + logits.shape[0]), "int32");
    return tf.cast(tf.oneHot(ids, logits.shape[1]), "float32");
  };
  return {
    value: (logits, first) => tf.sum(tf.mul(logSoftmaxRows(logits), chosen(logits, first)), 1),
    slope: (logits, dy, first) =>
      tf.mul(tf.sub(chosen(logits, first), tf.softmax(logits)), tf.reshape(dy, [-1, 1])),
  };
}

const entropyOf: RowNumber = {
  value: (logits) => {
    const logProbs = logSoftmaxRows(logits);
    return tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), 1));
  },
  slope: (logits, dy) => {
    const logProbs = logSoftmaxRows(logits);
    const probs = tf.exp(logProbs);
    const surprise = tf.sub(logProbs, tf.sum(tf.mul(probs, logProbs), 1, true));
    return tf.neg(tf.mul(tf.mul(probs, surprise), tf.reshape(dy, [-1, 1])));
  },
};

/** Divergence of each row's distribution from the base's. */
function divergenceOf(base: {
  readonly hidden: tf.Tensor2D;
  readonly head: tf.Tensor2D;
}): RowNumber {
  const wanted = (logits: tf.Tensor2D, first: number, [hidden, head]: ReadonlyArray<tf.Tensor>) =>
    logDistribution(tf.slice(hidden as tf.Tensor2D, first, logits.shape[0]), head as tf.Tensor2D);
  return {
    constants: [base.hidden, base.head],
    value: (logits, first, constants) => {
      const own = wanted(logits, first, constants);
      return tf.sum(tf.mul(tf.exp(own), tf.sub(own, logSoftmaxRows(logits))), 1);
    },
    slope: (logits, dy, first, constants) => {
      const own = tf.exp(wanted(logits, first, constants));
      return tf.mul(tf.sub(tf.softmax(logits), own), tf.reshape(dy, [-1, 1]));
    },
  };
}

/** Gradients of hidden states and head; the logits' is made for each that is wanted, of a frozen head none is. */
function headGradients(dLogits: () => tf.Tensor, hidden: tf.Tensor, head: tf.Tensor) {
  return [() => tf.matMul(dLogits(), head), () => matMulTransposedLeft(dLogits(), hidden)];
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
        const dLogits = () => runFused("RcpaPickGrad", [dy, ...own])[0]!;
        return headGradients(dLogits, hiddenRows, headRows);
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
        return headGradients(() => tf.mul(slope, dy), hiddenRows, headRows);
      },
    };
  });
  return op(hidden, head) as tf.Scalar;
}
