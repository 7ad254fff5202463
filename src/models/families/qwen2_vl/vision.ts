/** The vision tower of Qwen2-VL: full attention within each image. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { quickGelu } from "../../../tensor/ops/activation.ts";
import type { VisionConfig } from "../../config.ts";
import type { PatchedImage } from "../../image-patches.ts";
import type { Weights } from "../../weights.ts";
import { merge } from "../qwen/merger.ts";
import { embedPatches, runBlocks } from "../tower/blocks.ts";
import { plainBlock } from "../tower/plain-block.ts";

/** Source: transformers `Qwen2VisionTransformerPretrainedModel.forward`. */
export function visionFeatures(
  images: ReadonlyArray<PatchedImage>,
  weights: Weights,
  config: VisionConfig,
): tf.Tensor2D {
  const kind = plainBlock(config.normEps, quickGelu);
  const embedded = embedPatches(images, weights, config);
  const x = runBlocks(embedded, images, kind, weights, config);
  return tf.tidy(() => merge(x, kind.norm, weights, config));
}
