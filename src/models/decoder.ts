/** The text decoder: one pass serves prompts, whole responses and single decoding steps. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { keepsLittle } from "../tensor/gradient.ts";
import { scoped } from "../tensor/memory.ts";
import { swiGlu } from "../tensor/ops/activation.ts";
import { recomputed } from "../tensor/ops/recompute.ts";
import { rmsNorm } from "../tensor/ops/rms-norm.ts";
import type { RotaryTable } from "../tensor/ops/rotary.ts";
import {
  type HeadCounts,
  type KeyCache,
  type Mask,
  type Ragged,
  type SharedKeys,
  selfAttention,
} from "../tensor/ops/self-attention.ts";
import type { TextConfig } from "./config.ts";
import { droppingAlike, project, vector, type Weights } from "./weights.ts";

export interface DecoderInput {
  /** Token vectors, [batch × time, dim] float32. */
  readonly vectors: tf.Tensor2D;
  readonly batch: number;
  /** Of the longest sequence. */
  readonly time: number;
  /** Absent where every sequence has `time` rows. */
  readonly ragged?: Ragged;
  /** Prompt of each sequence, [batch] int32; absent where each prompt has as many, side by side. */
  readonly promptOf?: tf.Tensor1D;
  /** Angles of the tokens, one row each. */
  readonly rotary: RotaryTable;
  readonly mask: Mask;
  /** Keys shared by the samples of a prompt, a layer each. */
  readonly prefix?: ReadonlyArray<SharedKeys>;
  /** Earlier own keys, a layer each; the result's caches continue them and may share their tensors. */
  readonly past?: ReadonlyArray<KeyCache>;
}

export interface DecoderOutput {
  /** After the final norm, [batch × time, dim] float32. */
  readonly hidden: tf.Tensor2D;
  /** Own keys and values, a layer each, those of `past` first. */
  readonly caches: ReadonlyArray<KeyCache>;
}

/**
 * Runs the decoder's layers.
 *
 * Memory: caller owns the result; intermediates go layer by layer when no gradient is taped.
 * Source: transformers `Qwen2_5_VLDecoderLayer.forward`, `Qwen2_5_VLTextModel.forward`.
 */
export function decode(input: DecoderInput, weights: Weights, config: TextConfig): DecoderOutput {
  const caches: Array<KeyCache> = [];
  let x = input.vectors;
  for (let index = 0; index < config.layers; index++) {
    const previous = x;
    // What is dropped is drawn once, so that a layer that is run again drops the same.
    const alike = droppingAlike(weights);
    const run = (given: LayerInput) => layer(given, index, alike(), config);
    const given = layerInput(previous, index, input);
    const result = scoped(() =>
      keepsLittle() ? recomputed(given, layerVariables(index, weights), run) : run(given),
    );
    if (index > 0) previous.dispose();
    x = result.x;
    caches.push(result.cache);
  }
  const hidden = rmsNorm(x, vector(weights, "text.norm"), config.rmsNormEps);
  x.dispose();
  return { hidden, caches };
}

/** How the joint projection's rows are divided. */
export const headCounts = ({ heads, kvHeads, headDim }: TextConfig): HeadCounts => ({
  heads,
  kvHeads,
  dim: headDim,
});

/** What one layer takes, besides its weights. */
interface LayerInput extends Omit<DecoderInput, "vectors" | "prefix" | "past"> {
  /** [batch × time, dim] float32 */
  readonly x: tf.Tensor2D;
  readonly prefix?: SharedKeys;
  readonly past?: KeyCache;
}

function layerInput(
  x: tf.Tensor2D,
  index: number,
  { vectors: _, prefix, past, ...rest }: DecoderInput,
): LayerInput {
  const [shared, earlier] = [prefix?.[index], past?.[index]];
  return { ...rest, x, ...(shared && { prefix: shared }), ...(earlier && { past: earlier }) };
}

/** All variables that a layer reads. */
function layerVariables(index: number, weights: Weights): ReadonlyArray<tf.Variable> {
  const products = ["qkv", "out", "gateUp", "down"].map((part) => `text.${index}.${part}`);
  const names = [
    ...[`text.${index}.norm1`, `text.${index}.norm2`, `text.${index}.qkv.bias`],
    ...products.map((name) => `${name}.weight`),
  ];
  const added = products.flatMap((name) => weights.adapter?.bySlot.get(name) ?? []);
  return [
    ...names.flatMap((name) => weights.get(name) ?? []),
    ...added.flatMap(({ down, up }) => [down, up]),
  ];
}

function layer(
  { x, batch, time, rotary, mask, ragged, promptOf, prefix, past }: LayerInput,
  index: number,
  weights: Weights,
  config: TextConfig,
): { x: tf.Tensor2D; cache: KeyCache } {
  const name = `text.${index}`;
  const normed = rmsNorm(x, vector(weights, `${name}.norm1`), config.rmsNormEps);
  const { mixed, cache } = selfAttention({
    ...{ batch, time, rotary, mask, counts: headCounts(config) },
    qkv: project(normed, weights, `${name}.qkv`),
    ...(config.qkvBias && { shift: vector(weights, `${name}.qkv.bias`) }),
    ...(ragged && { ragged }),
    ...(prefix && { prefix }),
    ...(promptOf && { promptOf }),
    ...(past && { past }),
  });
  const attended = tf.add(x, project(mixed, weights, `${name}.out`)) as tf.Tensor2D;
  const inner = rmsNorm(attended, vector(weights, `${name}.norm2`), config.rmsNormEps);
  const hidden = swiGlu(project(inner, weights, `${name}.gateUp`));
  return { x: tf.add(attended, project(hidden, weights, `${name}.down`)), cache };
}
