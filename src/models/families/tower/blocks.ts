/** Blocks of a vision tower: attention within groups of patches, around it what differs by family. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { linear } from "../../../tensor/ops/linear.ts";
import { rearrange } from "../../../tensor/ops/rows.ts";
import { selfAttention } from "../../../tensor/ops/self-attention.ts";
import type { VisionConfig } from "../../config.ts";
import type { PatchedImage } from "../../image-patches.ts";
import { matrix, project, vector, type Weights } from "../../weights.ts";
import { type Grouping, grouping } from "./grouping.ts";

/** What a block does with rows of vectors, [patch, dim]; `name` opens the names of its parameters. */
export interface BlockKind {
  readonly norm: (x: tf.Tensor2D, weights: Weights, name: string) => tf.Tensor2D;
  readonly mlp: (x: tf.Tensor2D, weights: Weights, name: string) => tf.Tensor2D;
}

/** A product with its bias. */
export function affine(x: tf.Tensor2D, weights: Weights, name: string): tf.Tensor2D {
  return project(x, weights, name, vector(weights, `${name}.bias`));
}

/** The patches of all images, each projected by itself, [patch, dim]. Memory: call inside a tidy. */
export function embedPatches(
  images: ReadonlyArray<PatchedImage>,
  weights: Weights,
  config: VisionConfig,
): tf.Tensor2D {
  const width = config.inChannels * config.temporalPatchSize * config.patchSize ** 2;
  const count = images.reduce((sum, { patches }) => sum + patches.length / width, 0);
  const pixels = new Float32Array(count * width);
  let offset = 0;
  for (const { patches } of images) {
    pixels.set(patches, offset);
    offset += patches.length;
  }
  const bias = weights.get("vision.patch.bias") && vector(weights, "vision.patch.bias");
  return linear(tf.tensor2d(pixels, [count, width]), matrix(weights, "vision.patch"), bias);
}

/** All blocks one after the other. Memory: caller owns the result; call inside a tidy. */
export function runBlocks(
  first: tf.Tensor2D,
  images: ReadonlyArray<PatchedImage>,
  kind: BlockKind,
  weights: Weights,
  config: VisionConfig,
): tf.Tensor2D {
  const isFull = (index: number) => config.fullAttentionBlocks.includes(index);
  const full = grouping(images, config, "full");
  const blocks = Array.from({ length: config.depth }, (_, index) => index);
  const windows = blocks.every(isFull) ? full : grouping(images, config, "window");
  let x = first;
  for (const index of blocks) {
    const groups = isFull(index) ? full : windows;
    x = tf.tidy(() => block(x, `vision.${index}`, groups, kind, weights, config));
  }
  return x;
}

function block(
  x: tf.Tensor2D,
  name: string,
  groups: Grouping,
  { norm, mlp }: BlockKind,
  weights: Weights,
  config: VisionConfig,
): tf.Tensor2D {
  const normed = norm(x, weights, `${name}.norm1`);
  const mixed = tf.add(x, attended(normed, name, groups, weights, config)) as tf.Tensor2D;
  const inner = norm(mixed, weights, `${name}.norm2`);
  return tf.add(mixed, mlp(inner, weights, name));
}

function attended(
  x: tf.Tensor2D,
  name: string,
  { groups, length, slots, places, rotary, mask }: Grouping,
  weights: Weights,
  { heads, hiddenSize }: VisionConfig,
): tf.Tensor2D {
  const { mixed } = selfAttention({
    qkv: project(slots === undefined ? x : rearrange(x, slots), weights, `${name}.qkv`),
    shift: vector(weights, `${name}.qkv.bias`),
    counts: { heads, kvHeads: heads, dim: hiddenSize / heads },
    ...{ batch: groups, time: length, mask },
    ...(rotary && { rotary }),
  });
  const ungrouped = places === undefined ? mixed : rearrange(mixed, places);
  return affine(ungrouped, weights, `${name}.out`);
}
