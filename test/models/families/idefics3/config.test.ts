/** Published configurations of SmolVLM, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readConfig } from "../../../../src/models/config.ts";

const dir = mkdtempSync(join(tmpdir(), "rcpa-smolvlm-"));
afterAll(() => rmSync(dir, { recursive: true }));

function readWith(config: unknown) {
  writeFileSync(join(dir, "config.json"), JSON.stringify(config));
  return readConfig(dir);
}

/** Sizes as in SmolVLM-256M-Instruct; what stands nowhere is a default of the classes. */
const text_config = {
  model_type: "llama",
  head_dim: 64,
  hidden_size: 576,
  intermediate_size: 1536,
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  pad_token_id: 2,
  rms_norm_eps: 1e-5,
  rope_theta: 100_000,
  vocab_size: 49_280,
};
const vision_config = {
  hidden_size: 768,
  image_size: 512,
  num_attention_heads: 12,
  patch_size: 16,
};
const SMALL = {
  model_type: "idefics3",
  image_token_id: 49_190,
  scale_factor: 4,
  text_config,
  vision_config,
};

it("takes what is not stated from the classes of the family", () => {
  const { family, text, vision, tokens } = readWith(SMALL);
  expect(family).toBe("idefics3");
  expect(text).toMatchObject({ kvHeads: 3, headDim: 64, mropeSection: [32, 0, 0], qkvBias: false });
  expect(text.tieWordEmbeddings).toBe(false);
  expect(vision).toMatchObject({ depth: 12, intermediateSize: 3072, learnedPositions: 32 });
  expect(vision).toMatchObject({ mergeSize: 4, temporalPatchSize: 1, outHiddenSize: 576 });
  expect(tokens).toEqual({ image: 49_190, visual: [49_190], eos: [2], pad: 2 });
});

it("reads the same model from the new style", () => {
  const { rope_theta, ...rest } = text_config;
  const rope_parameters = { rope_type: "default", rope_theta };
  const renewed = { ...SMALL, text_config: { ...rest, rope_parameters } };
  expect(readWith(renewed)).toEqual(readWith(SMALL));
});

it.each([
  [
    { ...SMALL, text_config: { ...text_config, model_type: "qwen2" } },
    /model_type.*"qwen2".*llama/,
  ],
  [{ ...SMALL, text_config: { ...text_config, attention_bias: true } }, /attention_bias/],
  [{ ...SMALL, vision_config: { ...vision_config, hidden_act: "relu" } }, /hidden_act.*"relu"/],
  [{ ...SMALL, scale_factor: 5 }, /scale_factor: 5 must divide the 32 patches/],
  [{ ...SMALL, vision_config: { ...vision_config, patch_size: 600 } }, /image_size/],
  [
    { ...SMALL, model_type: "llava" },
    /model_type: "llava".*qwen2_5_vl, qwen2_vl, idefics3, smolvlm/,
  ],
])("refuses what it would compute otherwise: %#", (config, problem) => {
  expect(() => readWith(config)).toThrow(problem);
});
