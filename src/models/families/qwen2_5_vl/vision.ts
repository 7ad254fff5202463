/** The vision tower: patches to image features, with full and window attention. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { gelu, swiGlu } from "../../../tensor/ops/activation.ts";
import { attention } from "../../../tensor/ops/attention.ts";
import { linear } from "../../../tensor/ops/linear.ts";
import { rmsNorm } from "../../../tensor/ops/rms-norm.ts";
import { type RotaryTable, rotaryTable, rotate } from "../../../tensor/ops/rotary.ts";
import { rearrange } from "../../../tensor/ops/rows.ts";
import type { Parameters } from "../../../tensor/parameters.ts";
import type { VisionConfig } from "../../config.ts";
import { attentionGroups, type Grid, patchAngles, patchCoordinates } from "../qwen/positions.ts";

/** One image as its processor gives it. */
export interface PatchedImage {
  /** [patch, channel × time × height × width] float32, merge blocks row by row. */
  readonly patches: Float32Array;
  readonly grid: Grid;
}

/** Which patches attend to which, laid out as equal groups with padding. */
interface Grouping {
  readonly groups: number;
  readonly length: number;
  /** Patch of each slot, −1 for padding; undefined when slots are the patches in order. */
  readonly slots: Int32Array | undefined;
  /** Slot of each patch, the inverse of `slots`. */
  readonly places: Int32Array | undefined;
  readonly rotary: RotaryTable;
  readonly bias: tf.Tensor4D | undefined;
}

const NORM_EPSILON = 1e-6;

/**
 * Image features, one row for each image token, in image order.
 *
 * @returns [image token, outHiddenSize] float32
 * Memory: caller owns the result; call inside a tidy.
 * Source: transformers `Qwen2_5_VisionTransformerPretrainedModel.forward`.
 */
export function visionFeatures(
  images: ReadonlyArray<PatchedImage>,
  parameters: Parameters,
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
  const full = grouping(images, config, "full");
  const blocks = Array.from({ length: config.depth }, (_, index) => index);
  const usesWindows = blocks.some((index) => !config.fullAttentionBlocks.includes(index));
  const windows = usesWindows ? grouping(images, config, "window") : full;
  let x = linear(tf.tensor2d(pixels, [count, width]), weight(parameters, "vision.patch"));
  for (const index of blocks) {
    const groups = config.fullAttentionBlocks.includes(index) ? full : windows;
    x = tf.tidy(() => block(x, index, groups, parameters, config));
  }
  return tf.tidy(() => merger(x, parameters, config));
}

const weight = (parameters: Parameters, name: string) =>
  parameters.get(name) as unknown as tf.Tensor2D;
const vector = (parameters: Parameters, name: string) =>
  parameters.get(name) as unknown as tf.Tensor1D;

function affine(x: tf.Tensor2D, parameters: Parameters, name: string): tf.Tensor2D {
  return linear(x, weight(parameters, `${name}.weight`), vector(parameters, `${name}.bias`));
}

function block(
  x: tf.Tensor2D,
  index: number,
  groups: Grouping,
  parameters: Parameters,
  config: VisionConfig,
): tf.Tensor2D {
  const name = `vision.${index}`;
  const normed = rmsNorm(x, vector(parameters, `${name}.norm1`), NORM_EPSILON);
  const attended = tf.add(x, selfAttention(normed, name, groups, parameters, config));
  const inner = rmsNorm(attended as tf.Tensor2D, vector(parameters, `${name}.norm2`), NORM_EPSILON);
  const hidden = swiGlu(affine(inner, parameters, `${name}.gateUp`));
  return tf.add(attended, affine(hidden, parameters, `${name}.down`));
}

function selfAttention(
  x: tf.Tensor2D,
  name: string,
  { groups, length, slots, places, rotary, bias }: Grouping,
  parameters: Parameters,
  config: VisionConfig,
): tf.Tensor2D {
  const dim = config.hiddenSize / config.heads;
  const rows = groups * length;
  const grouped = slots === undefined ? x : rearrange(x, slots);
  const qkv = tf.reshape(affine(grouped, parameters, `${name}.qkv`), [rows, 3 * config.heads, dim]);
  const [turned, values] = tf.split(qkv, [2 * config.heads, config.heads], 1) as [
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  const [queries, keys] = tf.split(rotate(turned, rotary), 2, 1) as [tf.Tensor3D, tf.Tensor3D];
  const byHead = (part: tf.Tensor3D) =>
    tf.transpose(
      tf.reshape(part, [groups, length, config.heads, dim]),
      [0, 2, 1, 3],
    ) as tf.Tensor4D;
  const mixed = attention({
    queries: byHead(queries),
    keys: byHead(keys),
    values: byHead(values),
    ...(bias === undefined ? {} : { bias }),
  });
  const flat = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows, config.hiddenSize]);
  const ungrouped = places === undefined ? flat : rearrange(flat as tf.Tensor2D, places);
  return affine(ungrouped as tf.Tensor2D, parameters, `${name}.out`);
}

function merger(x: tf.Tensor2D, parameters: Parameters, config: VisionConfig): tf.Tensor2D {
  const unit = config.mergeSize ** 2;
  const normed = rmsNorm(x, vector(parameters, "vision.merger.norm"), NORM_EPSILON);
  const merged = tf.reshape(normed, [x.shape[0] / unit, unit * config.hiddenSize]) as tf.Tensor2D;
  const hidden = gelu(affine(merged, parameters, "vision.merger.hidden"));
  return affine(hidden, parameters, "vision.merger.out");
}

function grouping(
  images: ReadonlyArray<PatchedImage>,
  config: VisionConfig,
  kind: "full" | "window",
): Grouping {
  const members: Array<Array<number>> = [];
  const coordinates: Array<readonly [number, number]> = [];
  for (const { grid } of images) {
    const first = coordinates.length;
    for (const group of attentionGroups(grid, config, kind)) {
      members.push(group.map((patch) => patch + first));
    }
    coordinates.push(...patchCoordinates(grid, config.mergeSize));
  }
  const length = Math.max(...members.map((group) => group.length));
  const slots = new Int32Array(members.length * length).fill(-1);
  const places = new Int32Array(coordinates.length);
  members.forEach((group, row) => {
    group.forEach((patch, column) => {
      slots[row * length + column] = patch;
      places[patch] = row * length + column;
    });
  });
  const inOrder = slots.every((patch, slot) => patch === slot);
  const turned = Array.from(slots, (patch) => coordinates[patch] ?? ([0, 0] as const));
  return {
    groups: members.length,
    length,
    slots: inOrder ? undefined : slots,
    places: inOrder ? undefined : places,
    rotary: rotaryTable(patchAngles(turned, config), slots.length),
    bias: slots.includes(-1) ? paddingBias(slots, members.length, length) : undefined,
  };
}

function paddingBias(slots: Int32Array, groups: number, length: number): tf.Tensor4D {
  const bias = Float32Array.from(slots, (patch) => (patch < 0 ? -1e9 : 0));
  return tf.tensor4d(bias, [groups, 1, 1, length]);
}
