/** What the families' readers of `config.json` share: fields, defaults of both styles, checks. Models layer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import type { SpecialTokenIds, TextConfig, VlmConfig } from "./config.ts";
import { decodeJson, optional, readJsonFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";

export const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 }));
/** Far above any real model; keeps a damaged file from asking for endless lists of weights. */
export const Layers = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }));
export const TokenId = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }));
export const Positive = Schema.Finite.check(Schema.isGreaterThan(0));
const TokenIds = Schema.Union([TokenId, Schema.Array(TokenId)]);

const Rope = Schema.Struct({
  rope_theta: optional(Positive),
  mrope_section: optional(Schema.Tuple([TokenId, TokenId, TokenId])),
  rope_type: optional(Schema.String),
  type: optional(Schema.String),
});

const TextFile = Schema.Struct({
  model_type: optional(Schema.String),
  hidden_size: optional(Count),
  num_hidden_layers: optional(Layers),
  num_attention_heads: optional(Count),
  num_key_value_heads: optional(Count),
  head_dim: optional(Count),
  intermediate_size: optional(Count),
  rms_norm_eps: optional(Positive),
  rope_theta: optional(Positive),
  rope_scaling: optional(Rope),
  rope_parameters: optional(Rope),
  vocab_size: optional(Count),
  hidden_act: optional(Schema.String),
  use_sliding_window: optional(Schema.Boolean),
  attention_bias: optional(Schema.Boolean),
  mlp_bias: optional(Schema.Boolean),
  tie_word_embeddings: optional(Schema.Boolean),
  eos_token_id: optional(TokenIds),
  pad_token_id: optional(TokenId),
});

/** Fields that are about the whole model; its text fields may stand beside them or in `text_config`. */
const OuterFile = Schema.Struct({
  text_config: optional(Schema.Record(Schema.String, Schema.Unknown)),
  tie_word_embeddings: optional(Schema.Boolean),
  image_token_id: optional(TokenId),
  eos_token_id: optional(TokenIds),
  pad_token_id: optional(TokenId),
});

const GenerationFile = Schema.Struct({
  eos_token_id: optional(TokenIds),
  pad_token_id: optional(TokenId),
});

export type TextFile = typeof TextFile.Type;

/** The files of a configuration, the family's own fields not yet checked. */
export interface ConfigSource {
  /** Of `config.json`. */
  readonly path: string;
  readonly json: unknown;
  readonly generation: typeof GenerationFile.Type;
}

/** Reads the files of a model folder. Fails: `ModelFolderInvalid`. */
export function readSource(dir: string): ConfigSource {
  const [path, own] = [join(dir, "config.json"), join(dir, "generation_config.json")];
  const json = readJsonFile(path);
  const generation = existsSync(own) ? decodeJson(GenerationFile, readJsonFile(own), own) : {};
  return { path, json, generation };
}

/** The fields about the whole model and about the text decoder; `at` is where the latter stand. */
export function readOuter({ path, json }: ConfigSource) {
  const outer = decodeJson(OuterFile, json, path);
  const at = outer.text_config == null ? "" : "text_config";
  return { outer, at, text: decodeJson(TextFile, outer.text_config ?? json, path, at) };
}

/** End and padding ids; those of the generation come first. */
export function endIds(
  { generation }: ConfigSource,
  files: ReadonlyArray<Pick<TextFile, "eos_token_id" | "pad_token_id">>,
  fallback: number,
): Pick<SpecialTokenIds, "eos" | "pad"> {
  const all = [generation, ...files];
  const declared = [...new Set(all.flatMap(({ eos_token_id: ids }) => ids ?? []))];
  const eos = declared.length > 0 ? declared : [fallback];
  const pad = all.find(({ pad_token_id }) => pad_token_id != null)?.pad_token_id;
  return { eos, pad: pad ?? eos[0]! };
}

/** The rotary settings, whatever release wrote them. */
export const ropeOf = (file: TextFile) => file.rope_scaling ?? file.rope_parameters ?? {};

/** Refuses variants of a decoder that would load and then compute something else. */
export function checkDecoder(path: string, at: string, file: TextFile, rotary: string[]): void {
  const prefix = at === "" ? "" : `${at}.`;
  const rope = ropeOf(file);
  const kind = rope.rope_type ?? rope.type ?? "default";
  if (!rotary.includes(kind)) {
    const key = file.rope_scaling == null ? "rope_parameters" : "rope_scaling";
    const problem = `"${kind}" is not supported; use ${rotary.join(" or ")}`;
    throw folderInvalid(path, `${prefix}${key}`, problem);
  }
  for (const field of ["use_sliding_window", "attention_bias", "mlp_bias"] as const) {
    if (file[field] === true) {
      throw folderInvalid(path, `${prefix}${field}`, "true is not supported");
    }
  }
  checkActivation(path, `${prefix}hidden_act`, file.hidden_act, "silu");
}

/** Refuses any activation but one. */
export function checkActivation(
  path: string,
  field: string,
  found: string | null | undefined,
  only: string,
): void {
  if (found == null || found === only) return;
  throw folderInvalid(path, field, `"${found}" is not supported; use ${only}`);
}

/** A condition, the field it is about, and what is wrong when it does not hold. */
export type Rule = readonly [holds: boolean, field: string, problem: string];

/** Checks what must hold in every family, and the family's own rules after it. Fails: `ModelFolderInvalid`. */
export function checkRules(
  path: string,
  { text, tokens }: Omit<VlmConfig, "family">,
  own: ReadonlyArray<Rule>,
): void {
  const ids = [tokens.image, ...tokens.visual, ...tokens.eos, tokens.pad];
  const rules: ReadonlyArray<Rule> = [
    ...textRules(text),
    ...own,
    [
      ids.every((id) => id < text.vocabSize),
      "vocab_size",
      `${text.vocabSize} is smaller than a special token id needs`,
    ],
  ];
  for (const [holds, field, problem] of rules) {
    if (!holds) throw folderInvalid(path, field, problem);
  }
}

function textRules({ headDim, heads, kvHeads, mropeSection }: TextConfig): ReadonlyArray<Rule> {
  const half = mropeSection.reduce((sum, part) => sum + part, 0);
  return [
    [Number.isInteger(headDim), "hidden_size", "must be a multiple of num_attention_heads"],
    [heads % kvHeads === 0, "num_key_value_heads", "must divide num_attention_heads"],
    [half * 2 === headDim, "mrope_section", `must sum to half the head size ${headDim}`],
  ];
}
