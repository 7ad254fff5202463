/** Grouped-query attention over a shared prefix and own keys, with a recomputing gradient. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { customGrad } from "./custom-grad.ts";
import { matMulTransposedLeft, matMulTransposedRight } from "./linear.ts";

/** Keys and values that all samples of one prompt share. */
export interface SharedPrefix {
  /** [prompt, head, time, dim] float32; `head` counts key-value heads. */
  readonly keys: tf.Tensor4D;
  /** [prompt, head, time, dim] float32 */
  readonly values: tf.Tensor4D;
  /** Added to the scores, [prompt, 1, 1, time] float32: 0 for a real key, −1e9 for padding. */
  readonly bias?: tf.Tensor4D;
}

export interface AttentionInput {
  /** [batch, head, query, dim] float32; `query` runs over repeat × time (grouped queries first). */
  readonly queries: tf.Tensor4D;
  /** [batch, head, time, dim] float32 */
  readonly keys: tf.Tensor4D;
  /** [batch, head, time, dim] float32 */
  readonly values: tf.Tensor4D;
  /** Added to the own scores; broadcasts to [batch, head, query, time]. */
  readonly bias?: tf.Tensor;
  /** Keys before the own ones; `batch` is then prompt × sample, samples of a prompt adjacent. */
  readonly prefix?: SharedPrefix;
}

interface Scores {
  /** softmax(scores) · values, [batch, head, query, dim] */
  readonly out: tf.Tensor4D;
  /** log Σ exp(scores), [batch, head, query, 1] */
  readonly logSum: tf.Tensor4D;
}

/**
 * `softmax(q · [k_prefix, k_own]ᵀ / √dim + bias) · [v_prefix, v_own]`.
 *
 * The two parts are attended to apart and merged by their log-sums, so that a prompt's keys are
 * never copied per sample. The gradient recomputes the scores instead of keeping them.
 *
 * @returns [batch, head, query, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 * Source: Dao et al., FlashAttention, section 3.1 (merge and backward pass); GQA of Ainslie et al.
 */
export function attention(input: AttentionInput): tf.Tensor4D {
  const { prefix, bias } = input;
  const scale = 1 / Math.sqrt(input.queries.shape[3]);
  const op = customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    const [q, k, v, prefixKeys, prefixValues] = args.slice(0, -1) as Array<tf.Tensor4D>;
    const scaled = tf.mul(q!, scale) as tf.Tensor4D;
    const own = attend(scaled, k!, v!, bias);
    const merged =
      prefix === undefined
        ? own
        : merge(own, attendPrefix(scaled, prefixKeys!, prefixValues!, prefix.bias));
    // Biases are saved too: whoever made them may have released them by the time of the gradient.
    const optional = [bias, prefixKeys, prefixValues, prefix?.bias];
    save([scaled, k!, v!, merged.out, merged.logSum, ...optional.filter((x) => x !== undefined)]);
    return {
      value: merged.out,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const rest = saved.slice(5) as Array<tf.Tensor4D>;
        const [savedBias, keys, values, prefixBias] = optional.map((x) =>
          x === undefined ? undefined : rest.shift(),
        );
        const own = saved.slice(0, 5) as OwnSaved;
        const shared = keys && values && { keys, values, ...(prefixBias && { bias: prefixBias }) };
        return backward(dy as tf.Tensor4D, own, scale, savedBias, shared);
      },
    };
  });
  const own = [input.queries, input.keys, input.values];
  const all = prefix === undefined ? own : [...own, prefix.keys, prefix.values];
  return op(...all) as tf.Tensor4D;
}

function addOptional(scores: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
  return bias === undefined ? scores : tf.add(scores, bias);
}

function attend(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, bias?: tf.Tensor): Scores {
  const scores = addOptional(matMulTransposedRight(q, k), bias);
  const top = tf.max(scores, -1, true);
  const weights = tf.exp(tf.sub(scores, top));
  const sum = tf.sum(weights, -1, true);
  return {
    out: tf.div(tf.matMul(weights, v), sum) as tf.Tensor4D,
    logSum: tf.add(top, tf.log(sum)) as tf.Tensor4D,
  };
}

function attendPrefix(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, bias?: tf.Tensor): Scores {
  const prompts = k.shape[0];
  const result = attend(toPromptLayout(q, prompts), k, v, bias);
  const samples = q.shape[0] / prompts;
  return {
    out: toSampleLayout(result.out, samples),
    logSum: toSampleLayout(result.logSum, samples),
  };
}

function merge(a: Scores, b: Scores): Scores {
  const top = tf.maximum(a.logSum, b.logSum);
  const weightA = tf.exp(tf.sub(a.logSum, top));
  const weightB = tf.exp(tf.sub(b.logSum, top));
  const sum = tf.add(weightA, weightB);
  const mixed = tf.add(tf.mul(a.out, weightA), tf.mul(b.out, weightB));
  return {
    out: tf.div(mixed, sum) as tf.Tensor4D,
    logSum: tf.add(top, tf.log(sum)) as tf.Tensor4D,
  };
}

/** [prompt × sample, head, query, dim] → [prompt, head, sample × query, dim] */
function toPromptLayout(x: tf.Tensor4D, prompts: number): tf.Tensor4D {
  const [batch, heads, queries, dim] = x.shape;
  const samples = batch / prompts;
  if (samples === 1) return x;
  const split = tf.reshape(x, [prompts, samples, heads, queries, dim]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3, 4]), [prompts, heads, samples * queries, dim]);
}

/** The inverse of `toPromptLayout`. */
function toSampleLayout(x: tf.Tensor4D, samples: number): tf.Tensor4D {
  const [prompts, heads, rows, dim] = x.shape;
  if (samples === 1) return x;
  const queries = rows / samples;
  const split = tf.reshape(x, [prompts, heads, samples, queries, dim]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3, 4]), [prompts * samples, heads, queries, dim]);
}

/** Scaled queries, keys, values, result and log-sums, as the forward pass saved them. */
type OwnSaved = [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];

function backward(
  dy: tf.Tensor4D,
  [q, k, v, out, logSum]: OwnSaved,
  scale: number,
  bias: tf.Tensor | undefined,
  prefix: SharedPrefix | undefined,
): Array<tf.Tensor4D> {
  const inner = tf.sum(tf.mul(dy, out), -1, true) as tf.Tensor4D;
  const own = backwardPart(dy, q, k, v, logSum, inner, bias);
  if (prefix === undefined) return [tf.mul(own.dq, scale) as tf.Tensor4D, own.dk, own.dv];
  const prompts = prefix.keys.shape[0];
  const [dyP, qP, logSumP, innerP] = [dy, q, logSum, inner].map((x) =>
    toPromptLayout(x, prompts),
  ) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const shared = backwardPart(dyP, qP, prefix.keys, prefix.values, logSumP, innerP, prefix.bias);
  const dq = tf.add(own.dq, toSampleLayout(shared.dq, q.shape[0] / prompts));
  return [tf.mul(dq, scale) as tf.Tensor4D, own.dk, own.dv, shared.dk, shared.dv];
}

/** Gradients through one set of keys; `inner` is Σ dy · out over dim, q is already scaled. */
function backwardPart(
  dy: tf.Tensor4D,
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  logSum: tf.Tensor4D,
  inner: tf.Tensor4D,
  bias: tf.Tensor | undefined,
): { dq: tf.Tensor4D; dk: tf.Tensor4D; dv: tf.Tensor4D } {
  const scores = addOptional(matMulTransposedRight(q, k), bias);
  const weights = tf.exp(tf.sub(scores, logSum));
  const dScores = tf.mul(weights, tf.sub(matMulTransposedRight(dy, v), inner));
  return {
    dq: tf.matMul(dScores, k) as tf.Tensor4D,
    dk: matMulTransposedLeft(dScores, q) as tf.Tensor4D,
    dv: matMulTransposedLeft(weights, dy) as tf.Tensor4D,
  };
}
