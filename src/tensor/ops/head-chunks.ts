/** Numbers of next-token distributions, some rows at a time: the logits of all rows are never there at once. Serves `log-probability`. */
import * as tf from "@tensorflow/tfjs-core";
import { customGrad } from "./custom-grad.ts";
import { matMulTransposedLeft, matMulTransposedRight } from "./linear.ts";

/** Logits that are computed at once, 64 MiB. */
const MOST_LOGITS = 2 ** 24;

/** A number for each row of logits, and how it moves with them. Rows `first` to `first + logits.shape[0]` of all. */
export interface RowNumber {
  /** Tensors that it needs, kept for the gradient. */
  readonly constants?: ReadonlyArray<tf.Tensor>;
  /** [row] float32 */
  readonly value: (
    logits: tf.Tensor2D,
    first: number,
    constants: ReadonlyArray<tf.Tensor>,
  ) => tf.Tensor1D;
  /** Gradient with respect to the logits, [row, vocab], given that of the numbers, [row]. */
  readonly slope: (
    logits: tf.Tensor2D,
    dy: tf.Tensor1D,
    first: number,
    constants: ReadonlyArray<tf.Tensor>,
  ) => tf.Tensor2D;
}

/** Whether so many rows have too many logits to be computed at once. */
export const isLong = (hidden: tf.Tensor2D, head: tf.Tensor2D): boolean =>
  hidden.shape[0] * head.shape[0] > MOST_LOGITS;

/**
 * A number for each row of `hidden · headᵀ`. Logits are computed again for each gradient that is wanted: of the head
 * none is where it is frozen.
 *
 * @param hidden [row, dim] float32
 * @param head [vocab, dim] float32
 * @param most logits at once
 * @returns [row] float32; gradients flow to `hidden` and `head`
 * Memory: caller owns the result; call inside a tidy.
 */
export function byRows(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  { constants = [], value, slope }: RowNumber,
  most = MOST_LOGITS,
): tf.Tensor1D {
  const [count] = hidden.shape;
  const step = Math.max(1, Math.floor(most / head.shape[0]));
  const firsts = Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
  const rowsAt = <T extends tf.Tensor>(all: T, first: number) =>
    tf.slice(all, first, Math.min(step, count - first)) as T;
  const op = customGrad((rows, matrix, save) => {
    const all = rows as tf.Tensor2D;
    (save as tf.GradSaveFunc)([all, matrix as tf.Tensor, ...constants]);
    const values = firsts.map((first) =>
      tf.tidy(() => value(logitsOf(rowsAt(all, first), matrix as tf.Tensor2D), first, constants)),
    );
    return {
      value: tf.concat(values) as tf.Tensor1D,
      gradFunc: (dy: tf.Tensor1D, saved: Array<tf.Tensor>) => {
        const [hiddenRows, headRows, ...kept] = saved as [tf.Tensor2D, tf.Tensor2D];
        const slopeAt = (first: number) => {
          const part = rowsAt(hiddenRows, first);
          return { part, slopes: slope(logitsOf(part, headRows), rowsAt(dy, first), first, kept) };
        };
        return [
          () =>
            tf.concat(
              firsts.map((first) => tf.tidy(() => tf.matMul(slopeAt(first).slopes, headRows))),
            ),
          () =>
            firsts.reduce<tf.Tensor>(
              (sum, first) =>
                tf.tidy(() => {
                  const { part, slopes } = slopeAt(first);
                  return tf.add(sum, matMulTransposedLeft(slopes, part));
                }),
              tf.zerosLike(headRows),
            ),
        ];
      },
    };
  });
  return op(hidden, head) as tf.Tensor1D;
}

const logitsOf = (rows: tf.Tensor2D, head: tf.Tensor2D) =>
  matMulTransposedRight(rows, head) as tf.Tensor2D;
