/** Reads `config.json` of a Hugging Face model folder, of either style, into one normal form. Models layer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import { decodeJson, optional, readJsonFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";

/** The language model: sizes in numbers of elements. */
export interface TextConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Elements of one head, `hiddenSize / heads`. */
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  /** Rotary frequencies given to time, height and width; they sum to `headDim / 2`. */
  readonly mropeSection: readonly [number, number, number];
  readonly vocabSize: number;
  readonly tieWordEmbeddings: boolean;
}

/** The vision tower: sizes in numbers of elements, `patchSize` and `windowSize` in pixels. */
export interface VisionConfig {
  readonly depth: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  /** Patches merged into one token along each side. */
  readonly mergeSize: number;
  readonly windowSize: number;
  readonly fullAttentionBlocks: ReadonlyArray<number>;
  readonly outHiddenSize: number;
  readonly inChannels: number;
}

/** Ids of the tokens that have a role in the model. */
interface SpecialTokenIds {
  readonly image: number;
  readonly video: number;
  readonly visionStart: number;
  readonly visionEnd: number;
  /** Every id that ends a response; never empty. */
  readonly eos: ReadonlyArray<number>;
  readonly pad: number;
}

/** The configuration of a vision-language model, independent of the style of its file. */
export interface VlmConfig {
  readonly family: "qwen2_5_vl";
  readonly text: TextConfig;
  readonly vision: VisionConfig;
  readonly tokens: SpecialTokenIds;
}

const SUPPORTED_FAMILIES = ["qwen2_5_vl"] as const;

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 }));
/** Far above any real model; keeps a damaged file from asking for endless lists of weights. */
const Layers = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }));
const TokenId = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }));
const Positive = Schema.Finite.check(Schema.isGreaterThan(0));
const TokenIds = Schema.Union([TokenId, Schema.Array(TokenId)]);

const Rope = Schema.Struct({
  rope_theta: optional(Positive),
  mrope_section: optional(Schema.Tuple([TokenId, TokenId, TokenId])),
  rope_type: optional(Schema.String),
  type: optional(Schema.String),
});

const TextFile = Schema.Struct({
  hidden_size: optional(Count),
  num_hidden_layers: optional(Layers),
  num_attention_heads: optional(Count),
  num_key_value_heads: optional(Count),
  intermediate_size: optional(Count),
  rms_norm_eps: optional(Positive),
  rope_theta: optional(Positive),
  rope_scaling: optional(Rope),
  rope_parameters: optional(Rope),
  vocab_size: optional(Count),
  hidden_act: optional(Schema.String),
  use_sliding_window: optional(Schema.Boolean),
  tie_word_embeddings: optional(Schema.Boolean),
  eos_token_id: optional(TokenIds),
  pad_token_id: optional(TokenId),
});

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

const ConfigFile = Schema.Struct({
  model_type: Schema.String,
  text_config: optional(Schema.Record(Schema.String, Schema.Unknown)),
  vision_config: optional(VisionFile),
  image_token_id: optional(TokenId),
  video_token_id: optional(TokenId),
  vision_start_token_id: optional(TokenId),
  vision_end_token_id: optional(TokenId),
  tie_word_embeddings: optional(Schema.Boolean),
  eos_token_id: optional(TokenIds),
  pad_token_id: optional(TokenId),
});

const GenerationFile = Schema.Struct({
  eos_token_id: optional(TokenIds),
  pad_token_id: optional(TokenId),
});

type TextFile = typeof TextFile.Type;
type ConfigFile = typeof ConfigFile.Type;

/**
 * Reads `config.json` and, for end-of-sequence and padding ids, `generation_config.json` of a model folder.
 *
 * Fields that are absent take the defaults of `transformers`' `Qwen2_5_VLConfig`.
 * Fails: `ModelFolderInvalid` naming file and field.
 */
export function readConfig(dir: string): VlmConfig {
  const path = join(dir, "config.json");
  const json = readJsonFile(path);
  const file = decodeJson(ConfigFile, json, path);
  if (!(SUPPORTED_FAMILIES as ReadonlyArray<string>).includes(file.model_type)) {
    const known = SUPPORTED_FAMILIES.join(", ");
    throw folderInvalid(path, "model_type", `"${file.model_type}" is not supported; use ${known}`);
  }
  const at = file.text_config == null ? "" : "text_config";
  const text = decodeJson(TextFile, file.text_config ?? json, path, at);
  const config: VlmConfig = {
    family: "qwen2_5_vl",
    text: textConfig(text, file.tie_word_embeddings ?? false),
    vision: visionConfig(file.vision_config ?? {}),
    tokens: tokenIds(file, text, readGeneration(dir)),
  };
  checkKinds(path, at, text, file.vision_config ?? {});
  checkConsistent(path, config);
  return config;
}

function textConfig(file: TextFile, tied: boolean): TextConfig {
  const rope = file.rope_scaling ?? file.rope_parameters ?? {};
  const hiddenSize = file.hidden_size ?? 8192;
  const heads = file.num_attention_heads ?? 64;
  return {
    hiddenSize,
    layers: file.num_hidden_layers ?? 80,
    heads,
    // Absent means the class default 8, an explicit null means "as many as query heads".
    kvHeads: file.num_key_value_heads === undefined ? 8 : (file.num_key_value_heads ?? heads),
    headDim: hiddenSize / heads,
    intermediateSize: file.intermediate_size ?? 29568,
    rmsNormEps: file.rms_norm_eps ?? 1e-5,
    ropeTheta: rope.rope_theta ?? file.rope_theta ?? 1e6,
    mropeSection: rope.mrope_section ?? [16, 24, 24],
    vocabSize: file.vocab_size ?? 152064,
    tieWordEmbeddings: tied || (file.tie_word_embeddings ?? false),
  };
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
  };
}

function readGeneration(dir: string): typeof GenerationFile.Type {
  const path = join(dir, "generation_config.json");
  return existsSync(path) ? decodeJson(GenerationFile, readJsonFile(path), path) : {};
}

function tokenIds(
  file: ConfigFile,
  text: TextFile,
  generation: typeof GenerationFile.Type,
): SpecialTokenIds {
  const declared = [generation.eos_token_id, file.eos_token_id, text.eos_token_id];
  const eos = [...new Set(declared.flatMap((ids) => ids ?? []))];
  const ends = eos.length > 0 ? eos : [151645];
  return {
    image: file.image_token_id ?? 151655,
    video: file.video_token_id ?? 151656,
    visionStart: file.vision_start_token_id ?? 151652,
    visionEnd: file.vision_end_token_id ?? 151653,
    eos: ends,
    pad: generation.pad_token_id ?? file.pad_token_id ?? text.pad_token_id ?? ends[0]!,
  };
}

/** Refuses variants of the architecture that would load and then compute something else. */
function checkKinds(path: string, at: string, text: TextFile, vision: typeof VisionFile.Type) {
  const prefix = at === "" ? "" : `${at}.`;
  const rope = text.rope_scaling ?? text.rope_parameters;
  const kind = rope?.rope_type ?? rope?.type ?? "default";
  if (kind !== "default" && kind !== "mrope") {
    const key = text.rope_scaling == null ? "rope_parameters" : "rope_scaling";
    throw folderInvalid(
      path,
      `${prefix}${key}`,
      `"${kind}" is not supported; use default or mrope`,
    );
  }
  if (text.use_sliding_window === true) {
    throw folderInvalid(path, `${prefix}use_sliding_window`, "true is not supported");
  }
  const activations = [
    [`${prefix}hidden_act`, text.hidden_act],
    ["vision_config.hidden_act", vision.hidden_act],
  ] as const;
  for (const [field, value] of activations) {
    if (value != null && value !== "silu") {
      throw folderInvalid(path, field, `"${value}" is not supported; use silu`);
    }
  }
}

function checkConsistent(path: string, { text, vision, tokens }: VlmConfig) {
  const half = text.mropeSection.reduce((sum, part) => sum + part, 0);
  const vocab = [tokens.image, tokens.video, tokens.visionStart, tokens.visionEnd, ...tokens.eos];
  const rules: ReadonlyArray<readonly [boolean, string, string]> = [
    [Number.isInteger(text.headDim), "hidden_size", "must be a multiple of num_attention_heads"],
    [text.heads % text.kvHeads === 0, "num_key_value_heads", "must divide num_attention_heads"],
    [half * 2 === text.headDim, "mrope_section", `must sum to half the head size ${text.headDim}`],
    [
      vision.hiddenSize % (vision.heads * 4) === 0,
      "vision_config.hidden_size",
      "must be a multiple of 4 × num_heads",
    ],
    [
      vision.outHiddenSize === text.hiddenSize,
      "vision_config.out_hidden_size",
      `must equal hidden_size ${text.hiddenSize}, found ${vision.outHiddenSize}`,
    ],
    [
      vision.windowSize >= vision.patchSize * vision.mergeSize,
      "vision_config.window_size",
      "must hold at least one merged patch",
    ],
    [
      [...vocab, tokens.pad].every((id) => id < text.vocabSize),
      "vocab_size",
      `${text.vocabSize} is smaller than a special token id needs`,
    ],
  ];
  for (const [holds, field, problem] of rules) {
    if (!holds) throw folderInvalid(path, field, problem);
  }
}
