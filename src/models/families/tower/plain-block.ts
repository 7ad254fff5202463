/** Blocks with layer norms and plain perceptrons, as most vision transformers have them. Models layer. */
import type * as tf from "@tensorflow/tfjs-core";
import { layerNorm } from "../../../tensor/ops/layer-norm.ts";
import { affine, type BlockKind, vector } from "./blocks.ts";

/** Names of parameters: `NAME`, `NAME.bias` of norms; `NAME.up`, `NAME.down` of perceptrons. */
export const plainBlock = (
  normEps: number,
  activate: (x: tf.Tensor2D) => tf.Tensor2D,
): BlockKind => ({
  norm: (x, parameters, name) =>
    layerNorm(x, vector(parameters, name), vector(parameters, `${name}.bias`), normEps),
  mlp: (x, parameters, name) =>
    affine(activate(affine(x, parameters, `${name}.up`)), parameters, `${name}.down`),
});
