/** Writes a small Qwen2.5-VL folder with random weights: the start of pretraining. Models layer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NamedArray } from "../../../core/named-array.ts";
import { stream } from "../../../core/seed.ts";
import { readConfig } from "../../config.ts";
import { writeSafetensors } from "../../safetensors.ts";
import { loadTokenizer } from "../../tokenizer.ts";
import { expectedShapes } from "../../weight-shapes.ts";
import { WORD_SPECIAL_TOKENS, writeWordTokenizer } from "../../word-tokenizer.ts";

/** Sizes in elements; heads, patch and image size are fixed. */
export interface RandomModelSize {
  readonly hidden: number;
  readonly layers: number;
  readonly intermediate: number;
  readonly visionHidden: number;
  readonly visionLayers: number;
  readonly visionIntermediate: number;
}

const HEADS = 4;
const KV_HEADS = 2;
/** One patch is one token and holds one label of the synthetic worlds: a number costs no assembly. */
const PATCH = 12;
const IMAGE = 48;

/**
 * Writes configuration, tokenizer, image preprocessing and weights into an existing folder.
 *
 * Matrices are normal with standard deviation min(0.1, 1/√fan-in); embeddings and the matrices that
 * write into the residual stream have 0.02; gains are 1 and biases 0.
 */
export function writeRandomModel(
  dir: string,
  words: ReadonlyArray<string>,
  size: RandomModelSize,
  seed: number,
): void {
  writeWordTokenizer(dir, words);
  writeJson(dir, "config.json", configFile(dir, words.length, size));
  writeJson(dir, "preprocessor_config.json", preprocessorFile);
  const weights = new Map<string, NamedArray>();
  for (const [name, shape] of expectedShapes(readConfig(dir))) {
    weights.set(name, { shape, data: randomWeights(name, shape, seed) });
  }
  writeSafetensors(join(dir, "model.safetensors"), weights);
}

function writeJson(dir: string, name: string, content: unknown): void {
  writeFileSync(join(dir, name), `${JSON.stringify(content, null, 2)}\n`);
}

function randomWeights(name: string, shape: ReadonlyArray<number>, seed: number): Float32Array {
  const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
  if (shape.length === 1) return data.fill(name.endsWith("bias") ? 0 : 1);
  const small = /embed_tokens|o_proj|down_proj|attn\.proj/.test(name);
  const deviation = small ? 0.02 : Math.min(0.1, 1 / Math.sqrt(data.length / shape[0]!));
  const random = stream(seed, "weights", name);
  return data.map(() => deviation * random.normal());
}

function configFile(dir: string, words: number, size: RandomModelSize) {
  const tokenizer = loadTokenizer(dir);
  const [eos, pad] = [tokenizer.id("<|eos|>"), tokenizer.id("<|pad|>")];
  const angles = size.hidden / HEADS / 2;
  const section = Math.floor(angles / 3);
  return {
    architectures: ["Qwen2_5_VLForConditionalGeneration"],
    model_type: "qwen2_5_vl",
    image_token_id: tokenizer.id("<|image_pad|>"),
    video_token_id: tokenizer.id("<|video_pad|>"),
    vision_start_token_id: tokenizer.id("<|vision_start|>"),
    vision_end_token_id: tokenizer.id("<|vision_end|>"),
    eos_token_id: eos,
    pad_token_id: pad,
    tie_word_embeddings: true,
    text_config: {
      model_type: "qwen2_5_vl_text",
      vocab_size: words + WORD_SPECIAL_TOKENS.length,
      hidden_size: size.hidden,
      intermediate_size: size.intermediate,
      num_hidden_layers: size.layers,
      num_attention_heads: HEADS,
      num_key_value_heads: KV_HEADS,
      max_position_embeddings: 512,
      rms_norm_eps: 1e-6,
      tie_word_embeddings: true,
      bos_token_id: null,
      eos_token_id: eos,
      pad_token_id: pad,
      rope_parameters: {
        rope_type: "default",
        rope_theta: 10000,
        mrope_section: [angles - 2 * section, section, section],
      },
    },
    vision_config: {
      model_type: "qwen2_5_vl",
      depth: size.visionLayers,
      hidden_size: size.visionHidden,
      intermediate_size: size.visionIntermediate,
      num_heads: HEADS,
      out_hidden_size: size.hidden,
      in_channels: 3,
      patch_size: PATCH,
      spatial_merge_size: 1,
      temporal_patch_size: 1,
      window_size: IMAGE,
      fullatt_block_indexes: Array.from({ length: size.visionLayers }, (_, index) => index),
    },
  };
}

/** Pixels become (pixel − 235) / 100: the paper of the worlds is near zero. */
const preprocessorFile = {
  image_processor_type: "Qwen2VLImageProcessor",
  do_convert_rgb: true,
  do_resize: true,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [235 / 255, 235 / 255, 235 / 255],
  image_std: [100 / 255, 100 / 255, 100 / 255],
  patch_size: PATCH,
  merge_size: 1,
  temporal_patch_size: 1,
  min_pixels: IMAGE * IMAGE,
  max_pixels: IMAGE * IMAGE,
};
