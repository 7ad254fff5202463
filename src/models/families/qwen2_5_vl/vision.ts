/** The vision tower of Qwen2.5-VL: full and window attention, gated perceptrons. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { swiGlu } from "../../../tensor/ops/activation.ts";
import { rmsNorm } from "../../../tensor/ops/rms-norm.ts";
import type { VisionConfig } from "../../config.ts";
import type { PatchedImage } from "../../image-patches.ts";
import { vector, type Weights } from "../../weights.ts";
import { merge } from "../qwen/merger.ts";
import { affine, type BlockKind, embedPatches, runBlocks } from "../tower/blocks.ts";

const kindOf = ({ normEps }: VisionConfig): BlockKind => ({
  norm: (x, weights, name) => rmsNorm(x, vector(weights, name), normEps),
  mlp: (x, weights, name) =>
    affine(swiGlu(affine(x, weights, `${name}.gateUp`)), weights, `${name}.down`),
});

/** Source: transformers `Qwen2_5_VisionTransformerPretrainedModel.forward`. */
export function visionFeatures(
  images: ReadonlyArray<PatchedImage>,
  weights: Weights,
  config: VisionConfig,
): tf.Tensor2D {
  const kind = kindOf(config);
  const embedded = embedPatches(images, weights, config);
  const x = runBlocks(embedded, images, kind, weights, config);
  return tf.tidy(() => merge(x, kind.norm, weights, config));
}
