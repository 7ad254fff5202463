/** The projector of the Qwen families: neighbouring patches become one token. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { gelu } from "../../../tensor/ops/activation.ts";
import type { VisionConfig } from "../../config.ts";
import type { Weights } from "../../weights.ts";
import { affine, type BlockKind } from "../tower/blocks.ts";

/** [patch, dim] → [image token, outHiddenSize]. Memory: caller owns the result; call inside a tidy. */
export function merge(
  x: tf.Tensor2D,
  norm: BlockKind["norm"],
  weights: Weights,
  config: VisionConfig,
): tf.Tensor2D {
  const unit = config.mergeSize ** 2;
  const normed = norm(x, weights, "vision.merger.norm");
  const merged = tf.reshape(normed, [x.shape[0] / unit, unit * config.hiddenSize]) as tf.Tensor2D;
  const hidden = gelu(affine(merged, weights, "vision.merger.hidden"));
  return affine(hidden, weights, "vision.merger.out");
}

/** Multiplications for one token. */
export function mergerProducts({ hiddenSize, mergeSize, outHiddenSize }: VisionConfig): number {
  const merged = mergeSize ** 2 * hiddenSize;
  return merged * (merged + outHiddenSize);
}
