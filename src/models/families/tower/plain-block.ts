/** Blocks with layer norms and plain perceptrons, as most vision transformers have them. Models layer. */
import type * as tf from "@tensorflow/tfjs-core";
import { layerNorm } from "../../../tensor/ops/layer-norm.ts";
import { vector } from "../../weights.ts";
import { affine, type BlockKind } from "./blocks.ts";

/** Names of parameters: `NAME`, `NAME.bias` of norms; `NAME.up`, `NAME.down` of perceptrons. */
export const plainBlock = (
  normEps: number,
  activate: (x: tf.Tensor2D) => tf.Tensor2D,
): BlockKind => ({
  norm: (x, weights, name) =>
    layerNorm(x, vector(weights, name), vector(weights, `${name}.bias`), normEps),
  mlp: (x, weights, name) =>
    affine(activate(affine(x, weights, `${name}.up`)), weights, `${name}.down`),
});
