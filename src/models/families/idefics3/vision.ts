/** The vision tower of Idefics3 and SmolVLM: tiles with learned positions, pixel shuffle. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { tanhGelu } from "../../../tensor/ops/activation.ts";
import { embed } from "../../../tensor/ops/rows.ts";
import type { VisionConfig } from "../../config.ts";
import type { Grid, PatchedImage } from "../../image-patches.ts";
import { matrix, project, type Weights } from "../../weights.ts";
import { embedPatches, runBlocks } from "../tower/blocks.ts";
import { patchCoordinates } from "../tower/patches.ts";
import { plainBlock } from "../tower/plain-block.ts";

/** Source: transformers `SmolVLMVisionTransformer.forward`, `SmolVLMConnector.forward`. */
export function visionFeatures(
  images: ReadonlyArray<PatchedImage>,
  weights: Weights,
  config: VisionConfig,
): tf.Tensor2D {
  const kind = plainBlock(config.normEps, tanhGelu);
  const places = images.flatMap(({ grid }) => positionIds(grid, config));
  const positions = embed(matrix(weights, "vision.positions"), Int32Array.from(places));
  const embedded = tf.add(embedPatches(images, weights, config), positions) as tf.Tensor2D;
  const x = runBlocks(embedded, images, kind, weights, config);
  return tf.tidy(() => {
    const normed = kind.norm(x, weights, "vision.norm");
    // Patches of a block follow each other row by row: side by side they are the shuffled pixels.
    const unit = config.mergeSize ** 2;
    const merged = tf.reshape(normed, [x.shape[0] / unit, unit * config.hiddenSize]);
    return project(merged as tf.Tensor2D, weights, "vision.merger.out");
  });
}

/**
 * The learned position of each patch: where it is in its tile as a share of the tile, so that smaller
 * tiles spread over all positions.
 *
 * Source: transformers `SmolVLMVisionEmbeddings.forward`.
 */
export function positionIds(
  grid: Grid,
  { learnedPositions: side, mergeSize }: Pick<VisionConfig, "learnedPositions" | "mergeSize">,
): Array<number> {
  const rows = buckets(grid[1], side);
  const columns = buckets(grid[2], side);
  return patchCoordinates(grid, mergeSize).map(
    ([row, column]) => rows[row]! * side + columns[column]!,
  );
}

/**
 * The first multiples of `step` as float32, rounded as `torch.arange` rounds them: sixteen at a time,
 * by eights from a rounded first one. A patch on a boundary falls to the side the model was trained with.
 */
function arange(step: number, count: number): Array<number> {
  const inVectors = count - (count % 16);
  return Array.from({ length: count }, (_, index) => {
    const lane = index < inVectors ? index % 8 : 0;
    return Math.fround(Math.fround(step + step * (index - lane)) + lane * step);
  });
}

/** Which of `side` equal parts each of `count` patches begins in, in the reference's float32. */
function buckets(count: number, side: number): Array<number> {
  const step = Math.fround(1 / count);
  const most = Math.fround(1 - 1e-6);
  const boundaries = arange(1 / side, Math.ceil((1 - 1 / side) / (1 / side)));
  return Array.from({ length: count }, (_, index) => {
    const share = Math.min(Math.fround(index * step), most);
    return boundaries.filter((boundary) => boundary <= share).length;
  });
}
