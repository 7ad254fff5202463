/** What a pass computes with: parameters by name, and products that an adapter may add to. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../core/seed.ts";
import { linear } from "../tensor/ops/linear.ts";
import type { Adapter, LowRank } from "./lora/adapter.ts";

/** A model's parameters, with or without an adapter; a map of parameters is one without. */
export interface Weights {
  readonly get: (name: string) => tf.Variable | undefined;
  readonly adapter?: Adapter;
}

/** A parameter that is a matrix. */
export const matrix = (weights: Weights, name: string) =>
  weights.get(name) as unknown as tf.Tensor2D;
/** A parameter that is a vector. */
export const vector = (weights: Weights, name: string) =>
  weights.get(name) as unknown as tf.Tensor1D;

/**
 * The product `x · NAME.weight`, with what the adapter adds to it: `scale · (x · down) · up` in the columns of each
 * adapted module.
 *
 * @param x [row, dim in] float32
 * @param bias [dim out] float32, optional
 * Memory: caller owns the result; call inside a tidy.
 * Source: PEFT `LoraLayer.forward`.
 */
export function project(
  x: tf.Tensor2D,
  weights: Weights,
  name: string,
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  const whole = matrix(weights, `${name}.weight`);
  const product = linear(x, whole, bias);
  const { adapter } = weights;
  const parts = adapter?.bySlot.get(name);
  if (adapter === undefined || parts === undefined) return product;
  return tf.add(product, added(x, parts, whole.shape[1], adapter));
}

/** Gives the weights again and again, each time so that the same products in turn drop the same inputs of the adapter. */
export function droppingAlike(weights: Weights): () => Weights {
  const { adapter } = weights;
  if (adapter?.noise === undefined) return () => weights;
  const seed = adapter.noise();
  const get = (name: string) => weights.get(name);
  return () => ({ get, adapter: { ...adapter, drop: dropping(adapter, seed) } });
}

/** Drops inputs, others at each call: a share `dropout` becomes 0, the rest grows to keep the mean. */
function dropping({ settings }: Adapter, seed: number): (x: tf.Tensor2D) => tf.Tensor2D {
  const random = stream(seed, "drop");
  return (x) => tf.dropout(x, settings.dropout, undefined, random.integer(2 ** 31)) as tf.Tensor2D;
}

function added(
  x: tf.Tensor2D,
  parts: ReadonlyArray<LowRank>,
  width: number,
  adapter: Adapter,
): tf.Tensor2D {
  const { scale, noise } = adapter;
  const drop = adapter.drop ?? (noise && dropping(adapter, noise()));
  const columns: Array<tf.Tensor2D> = [];
  let column = 0;
  const nothingUpTo = (end: number) => {
    if (end > column) columns.push(tf.zeros([x.shape[0], end - column]));
    column = end;
  };
  for (const { down, up, offset } of parts) {
    nothingUpTo(offset);
    const input = drop === undefined ? x : drop(x);
    const inner = tf.mul(linear(input, down as unknown as tf.Tensor2D), scale) as tf.Tensor2D;
    columns.push(linear(inner, up as unknown as tf.Tensor2D));
    column += up.shape[1]!;
  }
  nothingUpTo(width);
  return columns.length === 1 ? columns[0]! : (tf.concat(columns, 1) as tf.Tensor2D);
}
