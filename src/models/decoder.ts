/** The text decoder: one pass serves prompts, whole responses and single decoding steps. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { scoped } from "../tensor/memory.ts";
import { swiGlu } from "../tensor/ops/activation.ts";
import { attention, type SharedPrefix } from "../tensor/ops/attention.ts";
import { linear } from "../tensor/ops/linear.ts";
import { rmsNorm } from "../tensor/ops/rms-norm.ts";
import { type RotaryTable, rotate } from "../tensor/ops/rotary.ts";
import type { Parameters } from "../tensor/parameters.ts";
import type { TextConfig } from "./config.ts";

/** Keys and values of one layer, [batch, head, time, dim] float32 each. */
export interface LayerCache {
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

export interface DecoderInput {
  /** Token vectors, [batch × time, dim] float32. */
  readonly vectors: tf.Tensor2D;
  readonly batch: number;
  readonly time: number;
  /** Angles of the tokens, one row each. */
  readonly rotary: RotaryTable;
  /** Added to the own scores, broadcast to [batch, head, repeat × time, own time]; undefined attends to all. */
  readonly bias?: tf.Tensor;
  /** Keys shared by the samples of a prompt, a layer each. */
  readonly prefix?: ReadonlyArray<SharedPrefix>;
  /** Earlier own keys, a layer each; the result's caches continue them. */
  readonly past?: ReadonlyArray<LayerCache>;
}

export interface DecoderOutput {
  /** After the final norm, [batch × time, dim] float32. */
  readonly hidden: tf.Tensor2D;
  /** Own keys and values, a layer each, those of `past` first. */
  readonly caches: ReadonlyArray<LayerCache>;
}

/**
 * Runs the decoder's layers.
 *
 * Memory: caller owns the result; intermediates go layer by layer when no gradient is taped.
 * Source: transformers `Qwen2_5_VLDecoderLayer.forward`, `Qwen2_5_VLTextModel.forward`.
 */
export function decode(
  input: DecoderInput,
  parameters: Parameters,
  config: TextConfig,
): DecoderOutput {
  const caches: Array<LayerCache> = [];
  let x = input.vectors;
  for (let index = 0; index < config.layers; index++) {
    const previous = x;
    const result = scoped(() => layer(previous, index, input, parameters, config));
    if (index > 0) previous.dispose();
    x = result.x;
    caches.push({ keys: result.keys, values: result.values });
  }
  const hidden = rmsNorm(x, vector(parameters, "text.norm"), config.rmsNormEps);
  x.dispose();
  return { hidden, caches };
}

const matrix = (parameters: Parameters, name: string) =>
  parameters.get(`${name}.weight`) as unknown as tf.Tensor2D;
const vector = (parameters: Parameters, name: string) =>
  parameters.get(name) as unknown as tf.Tensor1D;

function layer(
  x: tf.Tensor2D,
  index: number,
  input: DecoderInput,
  parameters: Parameters,
  config: TextConfig,
): LayerCache & { x: tf.Tensor2D } {
  const name = `text.${index}`;
  const normed = rmsNorm(x, vector(parameters, `${name}.norm1`), config.rmsNormEps);
  const { mixed, keys, values } = selfAttention(normed, index, input, parameters, config);
  const attended = tf.add(x, linear(mixed, matrix(parameters, `${name}.out`))) as tf.Tensor2D;
  const inner = rmsNorm(attended, vector(parameters, `${name}.norm2`), config.rmsNormEps);
  const hidden = swiGlu(linear(inner, matrix(parameters, `${name}.gateUp`)));
  return { x: tf.add(attended, linear(hidden, matrix(parameters, `${name}.down`))), keys, values };
}

function selfAttention(
  x: tf.Tensor2D,
  index: number,
  { batch, time, rotary, bias, prefix, past }: DecoderInput,
  parameters: Parameters,
  { heads, kvHeads, headDim, qkvBias }: TextConfig,
): LayerCache & { mixed: tf.Tensor2D } {
  const name = `text.${index}.qkv`;
  const repeat = heads / kvHeads;
  const shift = qkvBias ? vector(parameters, `${name}.bias`) : undefined;
  const qkv = linear(x, matrix(parameters, name), shift);
  const parts = tf.reshape(qkv, [batch * time, heads + 2 * kvHeads, headDim]);
  const [turned, flatValues] = tf.split(parts, [heads + kvHeads, kvHeads], 1) as [
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  const [flatQueries, flatKeys] = tf.split(rotate(turned, rotary), [heads, kvHeads], 1) as [
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  const byHead = (part: tf.Tensor3D): tf.Tensor4D =>
    tf.transpose(tf.reshape(part, [batch, time, kvHeads, headDim]), [0, 2, 1, 3]);
  const grouped = tf.reshape(flatQueries, [batch, time, kvHeads, repeat, headDim]);
  const queries = tf.reshape(tf.transpose(grouped, [0, 2, 3, 1, 4]), [
    batch,
    kvHeads,
    repeat * time,
    headDim,
  ]) as tf.Tensor4D;
  const keys = extend(past?.[index]?.keys, byHead(flatKeys));
  const values = extend(past?.[index]?.values, byHead(flatValues));
  const shared = prefix?.[index];
  const mixed = attention({
    queries,
    keys,
    values,
    ...(bias === undefined ? {} : { bias }),
    ...(shared === undefined ? {} : { prefix: shared }),
  });
  const byTime = tf.transpose(
    tf.reshape(mixed, [batch, kvHeads, repeat, time, headDim]),
    [0, 3, 1, 2, 4],
  );
  return { mixed: tf.reshape(byTime, [batch * time, heads * headDim]), keys, values };
}

function extend(past: tf.Tensor4D | undefined, next: tf.Tensor4D): tf.Tensor4D {
  return past === undefined ? next : tf.concat([past, next], 2);
}

/** Scores' bias that hides later tokens, [1, 1, repeat × time, time]: 0 or −1e9. */
export function causalBias(time: number, repeat: number): tf.Tensor4D {
  const bias = new Float32Array(repeat * time * time);
  for (let row = 0; row < repeat * time; row++) {
    const now = row % time;
    bias.fill(-1e9, row * time + now + 1, (row + 1) * time);
  }
  return tf.tensor4d(bias, [1, 1, repeat * time, time]);
}
