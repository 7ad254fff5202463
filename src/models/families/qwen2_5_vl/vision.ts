/** The vision tower of Qwen2.5-VL: full and window attention, gated perceptrons. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { swiGlu } from "../../../tensor/ops/activation.ts";
import { rmsNorm } from "../../../tensor/ops/rms-norm.ts";
import type { Parameters } from "../../../tensor/parameters.ts";
import type { VisionConfig } from "../../config.ts";
import type { PatchedImage } from "../../image-patches.ts";
import { merge } from "../qwen/merger.ts";
import { affine, type BlockKind, embedPatches, runBlocks, vector } from "../tower/blocks.ts";

const kindOf = ({ normEps }: VisionConfig): BlockKind => ({
  norm: (x, parameters, name) => rmsNorm(x, vector(parameters, name), normEps),
  mlp: (x, parameters, name) =>
    affine(swiGlu(affine(x, parameters, `${name}.gateUp`)), parameters, `${name}.down`),
});

/** Source: transformers `Qwen2_5_VisionTransformerPretrainedModel.forward`. */
export function visionFeatures(
  images: ReadonlyArray<PatchedImage>,
  parameters: Parameters,
  config: VisionConfig,
): tf.Tensor2D {
  const kind = kindOf(config);
  const embedded = embedPatches(images, parameters, config);
  const x = runBlocks(embedded, images, kind, parameters, config);
  return tf.tidy(() => merge(x, kind.norm, parameters, config));
}
