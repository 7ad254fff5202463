/** The configuration of Qwen2.5-VL. Models layer. */
import * as Schema from "effect/Schema";
import type { VisionConfig, VlmConfig } from "../../config.ts";
import { type ConfigSource, Count, checkActivation, Layers, TokenId } from "../../config-file.ts";
import { decodeJson, optional } from "../../json-file.ts";
import { readQwen } from "../qwen/config.ts";

const VisionFile = Schema.Struct({
  depth: optional(Layers),
  hidden_size: optional(Count),
  intermediate_size: optional(Count),
  num_heads: optional(Count),
  patch_size: optional(Count),
  temporal_patch_size: optional(Count),
  spatial_merge_size: optional(Count),
  window_size: optional(Count),
  fullatt_block_indexes: optional(Schema.Array(TokenId)),
  out_hidden_size: optional(Count),
  in_channels: optional(Count),
  in_chans: optional(Count),
  hidden_act: optional(Schema.String),
});
const ConfigFile = Schema.Struct({ vision_config: optional(VisionFile) });

/** Absent fields take the defaults of `transformers`' `Qwen2_5_VLConfig`. Fails: `ModelFolderInvalid`. */
export function readQwen25Config(source: ConfigSource): Omit<VlmConfig, "family"> {
  const file = decodeJson(ConfigFile, source.json, source.path).vision_config ?? {};
  const vision = visionConfig(file);
  checkActivation(source.path, "vision_config.hidden_act", file.hidden_act, "silu");
  return readQwen(source, vision, ({ hiddenSize }) => [
    [
      vision.outHiddenSize === hiddenSize,
      "vision_config.out_hidden_size",
      `must equal hidden_size ${hiddenSize}, found ${vision.outHiddenSize}`,
    ],
    [
      vision.windowSize >= vision.patchSize * vision.mergeSize,
      "vision_config.window_size",
      "must hold at least one merged patch",
    ],
  ]);
}

function visionConfig(file: typeof VisionFile.Type): VisionConfig {
  return {
    depth: file.depth ?? 32,
    hiddenSize: file.hidden_size ?? 3584,
    intermediateSize: file.intermediate_size ?? 3420,
    heads: file.num_heads ?? 16,
    patchSize: file.patch_size ?? 14,
    temporalPatchSize: file.temporal_patch_size ?? 2,
    mergeSize: file.spatial_merge_size ?? 2,
    windowSize: file.window_size ?? 112,
    fullAttentionBlocks: file.fullatt_block_indexes ?? [7, 15, 23, 31],
    outHiddenSize: file.out_hidden_size ?? 3584,
    inChannels: file.in_channels ?? file.in_chans ?? 3,
    normEps: 1e-6,
    learnedPositions: 0,
  };
}
