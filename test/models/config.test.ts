/** Configurations of both styles give the same normal form; mistakes name file and field. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/models/config.ts";
import { ModelFolderInvalid } from "../../src/models/model-folder-invalid.ts";
import { goldenModels } from "../support/golden.ts";

const dir = mkdtempSync(join(tmpdir(), "rcpa-config-"));
afterAll(() => rmSync(dir, { recursive: true }));
const golden = goldenModels("qwen2_5_vl")[0]!.checkpoint;

type Json = Record<string, unknown>;

/** The config of Qwen2.5-VL-3B-Instruct as published: flat, with `rope_scaling`. */
const FLAT: Json = {
  architectures: ["Qwen2_5_VLForConditionalGeneration"],
  attention_dropout: 0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  vision_start_token_id: 151652,
  vision_end_token_id: 151653,
  vision_token_id: 151654,
  image_token_id: 151655,
  video_token_id: 151656,
  hidden_act: "silu",
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 11008,
  max_position_embeddings: 128000,
  max_window_layers: 70,
  model_type: "qwen2_5_vl",
  num_attention_heads: 16,
  num_hidden_layers: 36,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  use_cache: true,
  use_sliding_window: false,
  vision_config: {
    depth: 32,
    hidden_act: "silu",
    hidden_size: 1280,
    intermediate_size: 3420,
    num_heads: 16,
    in_chans: 3,
    out_hidden_size: 2048,
    patch_size: 14,
    spatial_merge_size: 2,
    spatial_patch_size: 14,
    window_size: 112,
    fullatt_block_indexes: [7, 15, 23, 31],
    tokens_per_second: 2,
    temporal_patch_size: 2,
  },
  rope_scaling: { type: "mrope", mrope_section: [16, 24, 24] },
  vocab_size: 151936,
};

function readWith(config: unknown, generation?: unknown) {
  writeFileSync(join(dir, "config.json"), JSON.stringify(config));
  rmSync(join(dir, "generation_config.json"), { force: true });
  if (generation !== undefined) {
    writeFileSync(join(dir, "generation_config.json"), JSON.stringify(generation));
  }
  return readConfig(dir);
}

function failure(config: unknown): ModelFolderInvalid {
  try {
    readWith(config);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFolderInvalid);
    expect((error as ModelFolderInvalid).message).toContain(join(dir, "config.json"));
    return error as ModelFolderInvalid;
  }
  throw new Error("the configuration was accepted");
}

describe("old, flat style", () => {
  it("reads the published 3B model, with both end tokens of its generation_config.json", () => {
    const config = readWith(FLAT, { eos_token_id: [151645, 151643], pad_token_id: 151643 });
    expect(config).toEqual({
      family: "qwen2_5_vl",
      text: {
        hiddenSize: 2048,
        layers: 36,
        heads: 16,
        kvHeads: 2,
        headDim: 128,
        intermediateSize: 11008,
        rmsNormEps: 1e-6,
        ropeTheta: 1e6,
        mropeSection: [16, 24, 24],
        qkvBias: true,
        vocabSize: 151936,
        tieWordEmbeddings: true,
      },
      vision: {
        depth: 32,
        hiddenSize: 1280,
        intermediateSize: 3420,
        heads: 16,
        patchSize: 14,
        temporalPatchSize: 2,
        mergeSize: 2,
        windowSize: 112,
        fullAttentionBlocks: [7, 15, 23, 31],
        outHiddenSize: 2048,
        inChannels: 3,
        normEps: 1e-6,
        learnedPositions: 0,
      },
      tokens: {
        image: 151655,
        visual: [151655, 151656, 151652, 151653],
        eos: [151645, 151643],
        pad: 151643,
      },
    });
  });

  it("is the same model as the new style says", () => {
    const { vision_config, rope_scaling, rope_theta, model_type, tie_word_embeddings, ...text } =
      FLAT;
    const rope_parameters = { rope_type: "default", rope_theta, mrope_section: [16, 24, 24] };
    const text_config = { ...text, rope_parameters, model_type: "qwen2_5_vl_text" };
    const nested = { model_type, tie_word_embeddings, vision_config, text_config };
    expect(rope_scaling).toBeDefined();
    expect(readWith(nested)).toEqual(readWith(FLAT));
  });
});

describe("new style", () => {
  it("reads the golden models", () => {
    const [untied, tied] = goldenModels("qwen2_5_vl").map(({ checkpoint }) =>
      readConfig(checkpoint),
    );
    expect(untied!.text).toMatchObject({ heads: 4, kvHeads: 2, headDim: 16, vocabSize: 417 });
    expect(untied!.text.tieWordEmbeddings).toBe(false);
    expect(tied!.text).toMatchObject({
      heads: 3,
      kvHeads: 1,
      headDim: 16,
      tieWordEmbeddings: true,
    });
    expect(untied!.tokens).toEqual({
      image: 412,
      visual: [412, 413, 409, 410],
      eos: [408],
      pad: 408,
    });
  });

  it("finds a tie that only text_config states, as files before version 5 did", () => {
    cpSync(golden, dir, { recursive: true });
    const config = JSON.parse(readFileSync(join(golden, "config.json"), "utf8"));
    const { tie_word_embeddings: _, ...outer } = config;
    const text_config = { ...config.text_config, tie_word_embeddings: true };
    expect(readWith({ ...outer, text_config }).text.tieWordEmbeddings).toBe(true);
  });
});

describe("mistakes", () => {
  const vision = FLAT.vision_config as Json;
  const cases: ReadonlyArray<readonly [string, unknown, field: string, RegExp]> = [
    ["an unknown family", { ...FLAT, model_type: "llava" }, "model_type", /"llava".*qwen2_5_vl/],
    ["no family", { ...FLAT, model_type: undefined }, "model_type", /[Mm]issing/],
    ["a string for a number", { ...FLAT, hidden_size: "2048" }, "hidden_size", /int|number/i],
    ["a negative size", { ...FLAT, vocab_size: -1 }, "vocab_size", /-1|between|greater/i],
    ["a billion layers", { ...FLAT, num_hidden_layers: 1e9 }, "num_hidden_layers", /1000/],
    [
      "a field of a nested object",
      { ...FLAT, vision_config: { ...vision, depth: 1.5 } },
      "vision_config.depth",
      /int/i,
    ],
    ["heads that do not divide", { ...FLAT, num_attention_heads: 15 }, "hidden_size", /multiple/],
    [
      "groups that do not divide",
      { ...FLAT, num_key_value_heads: 3 },
      "num_key_value_heads",
      /divide/,
    ],
    [
      "another rotary scheme",
      { ...FLAT, rope_scaling: { type: "yarn", mrope_section: [16, 24, 24] } },
      "rope_scaling",
      /"yarn"/,
    ],
    [
      "sections that do not fit the head",
      { ...FLAT, rope_scaling: { type: "mrope", mrope_section: [8, 8, 8] } },
      "mrope_section",
      /128/,
    ],
    [
      "sliding windows",
      { ...FLAT, use_sliding_window: true },
      "use_sliding_window",
      /not supported/,
    ],
    ["another activation", { ...FLAT, hidden_act: "gelu" }, "hidden_act", /"gelu"/],
    [
      "a tower that does not meet the decoder",
      { ...FLAT, vision_config: { ...vision, out_hidden_size: 64 } },
      "vision_config.out_hidden_size",
      /2048.*64/,
    ],
    ["ids beyond the vocabulary", { ...FLAT, image_token_id: 151936 }, "vocab_size", /151936/],
    ["a list", [], "", /object/i],
  ];
  it.each(cases)("names %s", (_, config, field, message) => {
    const error = failure(config);
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
  });

  it("names a missing file and broken JSON", () => {
    expect(() => readConfig(join(dir, "absent"))).toThrow(/absent.*config\.json.*not found/);
    writeFileSync(join(dir, "config.json"), "{");
    expect(() => readConfig(dir)).toThrow(/config\.json.*not valid JSON/);
  });
});
