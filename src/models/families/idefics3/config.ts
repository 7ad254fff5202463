/** The configuration of Idefics3 and SmolVLM. Models layer. */
import * as Schema from "effect/Schema";
import type { TextConfig, VisionConfig, VlmConfig } from "../../config.ts";
import {
  type ConfigSource,
  Count,
  checkActivation,
  checkDecoder,
  checkRules,
  endIds,
  Layers,
  Positive,
  type Rule,
  readOuter,
  ropeOf,
  type TextFile,
} from "../../config-file.ts";
import { decodeJson, optional } from "../../json-file.ts";
import { folderInvalid } from "../../model-folder-invalid.ts";

const VisionFile = Schema.Struct({
  hidden_size: optional(Count),
  intermediate_size: optional(Count),
  num_hidden_layers: optional(Layers),
  num_attention_heads: optional(Count),
  num_channels: optional(Count),
  image_size: optional(Count),
  patch_size: optional(Count),
  hidden_act: optional(Schema.String),
  layer_norm_eps: optional(Positive),
});
const ConfigFile = Schema.Struct({
  vision_config: optional(VisionFile),
  scale_factor: optional(Count),
});

/**
 * The decoder is a Llama. Absent fields take the defaults of `transformers`' `Idefics3Config`, which are
 * those of `SmolVLMConfig`.
 *
 * Fails: `ModelFolderInvalid`.
 */
export function readIdefics3Config(source: ConfigSource): Omit<VlmConfig, "family"> {
  const { path, json } = source;
  const file = decodeJson(ConfigFile, json, path);
  const { outer, at, text: textFile } = readOuter(source);
  if (at !== "" && textFile.model_type != null && textFile.model_type !== "llama") {
    const problem = `"${textFile.model_type}" is not supported; use llama`;
    throw folderInvalid(path, "text_config.model_type", problem);
  }
  const text = textConfig(textFile, outer.tie_word_embeddings ?? false);
  const vision = visionConfig(file, text);
  const image = outer.image_token_id ?? 128257;
  const tokens = { image, visual: [image], ...endIds(source, [outer, textFile], 2) };
  checkDecoder(path, at, textFile, ["default"]);
  const activation = file.vision_config?.hidden_act;
  checkActivation(path, "vision_config.hidden_act", activation, "gelu_pytorch_tanh");
  checkRules(path, { text, vision, tokens }, visionRules(vision));
  return { text, vision, tokens };
}

function textConfig(file: TextFile, tied: boolean): TextConfig {
  const rope = ropeOf(file);
  const hiddenSize = file.hidden_size ?? 4096;
  const heads = file.num_attention_heads ?? 32;
  const headDim = file.head_dim ?? hiddenSize / heads;
  return {
    hiddenSize,
    layers: file.num_hidden_layers ?? 32,
    heads,
    kvHeads: file.num_key_value_heads ?? heads,
    headDim,
    intermediateSize: file.intermediate_size ?? 11008,
    rmsNormEps: file.rms_norm_eps ?? 1e-6,
    ropeTheta: rope.rope_theta ?? file.rope_theta ?? 10_000,
    mropeSection: [headDim / 2, 0, 0],
    qkvBias: false,
    vocabSize: file.vocab_size ?? 32_000,
    // Only the outer field counts: that of the decoder's own class is about a head it does not have.
    tieWordEmbeddings: tied,
  };
}

function visionConfig(
  { vision_config, scale_factor }: typeof ConfigFile.Type,
  text: TextConfig,
): VisionConfig {
  const file = vision_config ?? {};
  const depth = file.num_hidden_layers ?? 12;
  const patchSize = file.patch_size ?? 32;
  const imageSize = file.image_size ?? 224;
  return {
    depth,
    hiddenSize: file.hidden_size ?? 1152,
    intermediateSize: file.intermediate_size ?? 3072,
    heads: file.num_attention_heads ?? 16,
    patchSize,
    temporalPatchSize: 1,
    mergeSize: scale_factor ?? 2,
    windowSize: imageSize,
    fullAttentionBlocks: Array.from({ length: depth }, (_, index) => index),
    outHiddenSize: text.hiddenSize,
    inChannels: file.num_channels ?? 3,
    normEps: file.layer_norm_eps ?? 1e-6,
    learnedPositions: Math.floor(imageSize / patchSize),
  };
}

function visionRules({ hiddenSize, heads, learnedPositions, mergeSize }: VisionConfig) {
  const rules: ReadonlyArray<Rule> = [
    [
      hiddenSize % heads === 0,
      "vision_config.hidden_size",
      "must be a multiple of num_attention_heads",
    ],
    [learnedPositions >= 1, "vision_config.image_size", "must hold at least one patch"],
    [
      learnedPositions % mergeSize === 0,
      "scale_factor",
      `${mergeSize} must divide the ${learnedPositions} patches along a side of an image`,
    ],
  ];
  return rules;
}
