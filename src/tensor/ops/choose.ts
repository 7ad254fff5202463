/** Choosing the next token of each response. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { type FusedAttributes, hasFused, runFused } from "../fused.ts";
import { matMulTransposedRight } from "./linear.ts";
import { logDistribution } from "./log-probability.ts";

/** How to choose. */
export interface Choice {
  /** 0 takes the likeliest; otherwise logits are divided by it. */
  readonly temperature: number;
  /** Which tokens may be chosen: 1 where one may, [vocab]. */
  readonly allowed: Int32Array;
  /** In [0, 1), [row]: where a row's choice falls in its cumulative distribution; not looked at with temperature 0. */
  readonly uniforms: Float32Array;
}

/** What was chosen, an element a row. */
export interface Chosen {
  readonly ids: Int32Array;
  /** Log-probability of the choice at temperature 1 among all tokens, nats. */
  readonly logProbs: Float32Array;
  /** Of the distribution at temperature 1 over all tokens, nats. */
  readonly entropies: Float32Array;
}

/**
 * Draws a token a row from `softmax(hidden · headᵀ / temperature)` over the allowed tokens.
 *
 * Where the engine can, it chooses itself, and nothing but the choice is read back.
 *
 * @param hidden [row, dim] float32
 * @param head [vocab, dim] float32
 * Memory: releases all it makes.
 */
export function chooseTokens(hidden: tf.Tensor2D, head: tf.Tensor2D, choice: Choice): Chosen {
  return hasFused() ? chooseFused(hidden, head, choice) : chooseOnHost(hidden, head, choice);
}

const known = new Map<number, FusedAttributes>();

function chooseFused(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  { temperature, allowed, uniforms }: Choice,
): Chosen {
  const attributes = known.get(temperature) ?? { numbers: { temperature } };
  known.set(temperature, attributes);
  const [ids, logProbs, entropies] = tf.tidy(() =>
    runFused(
      "RcpaChoose",
      [matMulTransposedRight(hidden, head), tf.tensor1d(allowed, "int32"), tf.tensor1d(uniforms)],
      attributes,
    ),
  ) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const chosen = {
    ids: ids.dataSync<"int32">(),
    logProbs: logProbs.dataSync<"float32">(),
    entropies: entropies.dataSync<"float32">(),
  };
  tf.dispose([ids, logProbs, entropies]);
  return chosen;
}

function chooseOnHost(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  { temperature, allowed, uniforms }: Choice,
): Chosen {
  const [rows] = hidden.shape;
  const table = tf.tidy(() => logDistribution(hidden, head));
  const values = table.dataSync<"float32">();
  table.dispose();
  const vocab = allowed.length;
  const result = {
    ids: new Int32Array(rows),
    logProbs: new Float32Array(rows),
    entropies: new Float32Array(rows),
  };
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * vocab, (row + 1) * vocab);
    const id =
      temperature === 0
        ? likeliest(own, allowed)
        : drawn(own, allowed, temperature, uniforms[row]!);
    result.ids[row] = id;
    result.logProbs[row] = own[id]!;
    result.entropies[row] = entropyOf(own);
  }
  return result;
}

function likeliest(logProbs: Float32Array, allowed: Int32Array): number {
  let best = allowed.indexOf(1);
  for (let id = best + 1; id < logProbs.length; id++) {
    if (allowed[id] === 1 && logProbs[id]! > logProbs[best]!) best = id;
  }
  return best;
}

/** By the inverse of the cumulative distribution. */
function drawn(
  logProbs: Float32Array,
  allowed: Int32Array,
  temperature: number,
  uniform: number,
): number {
  const likely = likeliest(logProbs, allowed);
  const weights = new Float64Array(logProbs.length);
  let sum = 0;
  for (let id = 0; id < weights.length; id++) {
    if (allowed[id] === 0) continue;
    weights[id] = Math.exp((logProbs[id]! - logProbs[likely]!) / temperature);
    sum += weights[id]!;
  }
  let left = uniform * sum;
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id]!;
    if (left < 0) return id;
  }
  // Rounding left a trace of the mass over.
  return likely;
}

function entropyOf(logProbs: Float32Array): number {
  let entropy = 0;
  for (const value of logProbs) entropy -= Math.exp(value) * value;
  return entropy;
}
