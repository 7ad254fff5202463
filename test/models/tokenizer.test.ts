/** Token ids and decoded texts equal to those of Python's `tokenizers`. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadTokenizer } from "../../src/models/tokenizer.ts";
import { goldenModels } from "../support/golden.ts";

const models = goldenModels("qwen2_5_vl");
const dir = mkdtempSync(join(tmpdir(), "rcpa-tokenizer-"));
afterAll(() => rmSync(dir, { recursive: true }));

describe.each(models)("$name", ({ checkpoint, cases }) => {
  const tokenizer = loadTokenizer(checkpoint);

  it("gives the ids of each completion", () => {
    for (const { completion, completionIds } of cases) {
      expect(tokenizer.encode(completion)).toEqual(completionIds);
    }
  });

  it("decodes what the model generated, ids beyond the vocabulary as nothing", () => {
    for (const { greedyIds, greedyText } of cases) {
      expect(tokenizer.decode(greedyIds)).toBe(greedyText);
      expect(tokenizer.decode([...greedyIds, tokenizer.size, 1e6])).toBe(greedyText);
    }
    expect(tokenizer.decode([])).toBe("");
  });

  it("keeps special tokens whole and leaves them out on request", () => {
    const ids = tokenizer.encode("<|im_start|>angle<|im_end|>");
    expect([ids[0], ids.at(-1)]).toEqual([
      tokenizer.id("<|im_start|>"),
      tokenizer.id("<|im_end|>"),
    ]);
    expect(tokenizer.decode(ids)).toBe("<|im_start|>angle<|im_end|>");
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe("angle");
  });
});

it("agrees with `tokenizers` on awkward texts", () => {
  const path = new URL("../golden/tokenizer-texts.json", import.meta.url);
  const { texts } = JSON.parse(readFileSync(path, "utf8"));
  const tokenizer = loadTokenizer(models[0]!.checkpoint);
  expect(texts.length).toBeGreaterThan(100);
  for (const { text, ids, decoded, plain } of texts) {
    expect(tokenizer.encode(text), text).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(plain);
  }
});

it("throws on the id of a token that does not exist", () => {
  expect(() => loadTokenizer(models[0]!.checkpoint).id("<|nothing|>")).toThrow(/<\|nothing\|>/);
});

it("knows the tokens that only tokenizer_config.json lists, and older special token objects", () => {
  cpSync(models[0]!.checkpoint, dir, { recursive: true });
  const path = join(dir, "tokenizer_config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  const added_tokens_decoder = { 414: { content: "<tool_call>", special: false } };
  const eos_token = { content: "<|im_end|>", special: true };
  writeFileSync(path, JSON.stringify({ ...config, eos_token, added_tokens_decoder }));
  expect(loadTokenizer(dir).encode("a<tool_call>")).toEqual([64, 414]);
});

it("names the file that is missing or broken", () => {
  expect(() => loadTokenizer(join(dir, "absent"))).toThrow(/tokenizer\.json: file not found/);
  writeFileSync(join(dir, "tokenizer.json"), "{}");
  expect(() => loadTokenizer(dir)).toThrow(/tokenizer\.json: model: Missing key/);
});
