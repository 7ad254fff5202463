/** The configuration of Qwen2-VL. Models layer. */
import * as Schema from "effect/Schema";
import type { VisionConfig, VlmConfig } from "../../config.ts";
import { type ConfigSource, Count, checkActivation, Layers, Positive } from "../../config-file.ts";
import { decodeJson, optional } from "../../json-file.ts";
import { readQwen } from "../qwen/config.ts";

const VisionFile = Schema.Struct({
  depth: optional(Layers),
  embed_dim: optional(Count),
  hidden_size: optional(Count),
  mlp_ratio: optional(Positive),
  num_heads: optional(Count),
  patch_size: optional(Count),
  temporal_patch_size: optional(Count),
  spatial_merge_size: optional(Count),
  in_channels: optional(Count),
  in_chans: optional(Count),
  hidden_act: optional(Schema.String),
});
const ConfigFile = Schema.Struct({ vision_config: optional(VisionFile) });

/** Absent fields take the defaults of `transformers`' `Qwen2VLConfig`. Fails: `ModelFolderInvalid`. */
export function readQwen2Config(source: ConfigSource): Omit<VlmConfig, "family"> {
  const file = decodeJson(ConfigFile, source.json, source.path).vision_config ?? {};
  const vision = visionConfig(file);
  checkActivation(source.path, "vision_config.hidden_act", file.hidden_act, "quick_gelu");
  return readQwen(source, vision, ({ hiddenSize }) => [
    [
      vision.outHiddenSize === hiddenSize,
      "vision_config.hidden_size",
      `must equal hidden_size ${hiddenSize}, found ${vision.outHiddenSize}`,
    ],
    [
      vision.intermediateSize >= 1,
      "vision_config.mlp_ratio",
      "must leave the perceptron a width of at least 1",
    ],
  ]);
}

function visionConfig(file: typeof VisionFile.Type): VisionConfig {
  const depth = file.depth ?? 32;
  const hiddenSize = file.embed_dim ?? 1280;
  const [patchSize, mergeSize] = [file.patch_size ?? 14, file.spatial_merge_size ?? 2];
  return {
    depth,
    hiddenSize,
    intermediateSize: Math.floor(hiddenSize * (file.mlp_ratio ?? 4)),
    heads: file.num_heads ?? 16,
    patchSize,
    temporalPatchSize: file.temporal_patch_size ?? 2,
    mergeSize,
    windowSize: patchSize * mergeSize,
    fullAttentionBlocks: Array.from({ length: depth }, (_, index) => index),
    outHiddenSize: file.hidden_size ?? 3584,
    inChannels: file.in_channels ?? file.in_chans ?? 3,
    normEps: 1e-6,
    learnedPositions: 0,
  };
}
