/** What the Qwen families' configurations have in common: decoder, tokens, rules. Models layer. */
import * as Schema from "effect/Schema";
import type { SpecialTokenIds, TextConfig, VisionConfig, VlmConfig } from "../../config.ts";
import {
  type ConfigSource,
  checkDecoder,
  checkRules,
  endIds,
  type Rule,
  readOuter,
  ropeOf,
  type TextFile,
  TokenId,
} from "../../config-file.ts";
import { decodeJson, optional } from "../../json-file.ts";

const VisualTokensFile = Schema.Struct({
  image_token_id: optional(TokenId),
  video_token_id: optional(TokenId),
  vision_start_token_id: optional(TokenId),
  vision_end_token_id: optional(TokenId),
});

/**
 * The configuration of a Qwen model around its vision tower.
 *
 * Fails: `ModelFolderInvalid`.
 */
export function readQwen(
  source: ConfigSource,
  vision: VisionConfig,
  own: (text: TextConfig) => ReadonlyArray<Rule>,
): Omit<VlmConfig, "family"> {
  const { outer, at, text: file } = readOuter(source);
  const text = textConfig(file, outer.tie_word_embeddings ?? false);
  const visual = visualTokens(source);
  const tokens = { ...visual, ...endIds(source, [outer, file], 151645) };
  checkDecoder(source.path, at, file, ["default", "mrope"]);
  const shared: Rule = [
    vision.hiddenSize % (vision.heads * 4) === 0,
    "vision_config.hidden_size",
    "must be a multiple of 4 × num_heads",
  ];
  checkRules(source.path, { text, vision, tokens }, [shared, ...own(text)]);
  return { text, vision, tokens };
}

function visualTokens({ json, path }: ConfigSource): Pick<SpecialTokenIds, "image" | "visual"> {
  const file = decodeJson(VisualTokensFile, json, path);
  const image = file.image_token_id ?? 151655;
  const borders = [file.vision_start_token_id ?? 151652, file.vision_end_token_id ?? 151653];
  return { image, visual: [image, file.video_token_id ?? 151656, ...borders] };
}

function textConfig(file: TextFile, tied: boolean): TextConfig {
  const rope = ropeOf(file);
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
    qkvBias: true,
    vocabSize: file.vocab_size ?? 152064,
    tieWordEmbeddings: tied || (file.tie_word_embeddings ?? false),
  };
}
