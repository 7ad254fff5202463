/** The JSON files of a model folder, damaged in thousands of ways: refused in words, or read soundly. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { type RandomStream, stream } from "../../src/core/seed.ts";
import { readConfig } from "../../src/models/config.ts";
import {
  processImage,
  readImageProcessorConfig,
} from "../../src/models/families/qwen/image-processor.ts";
import { canonicalName } from "../../src/models/families/qwen/weights.ts";
import { ModelFolderInvalid } from "../../src/models/model-folder-invalid.ts";
import { loadProcessor } from "../../src/models/processor.ts";
import { SafetensorsInvalid } from "../../src/models/safetensors-header.ts";
import { loadTokenizer } from "../../src/models/tokenizer.ts";
import { locateWeights } from "../../src/models/weight-files.ts";
import { expectedShapes } from "../../src/models/weight-shapes.ts";
import { damaged, damagedText, folderForDamage, oddValues } from "../support/damage.ts";
import { goldenModels } from "../support/golden.ts";

const ROUNDS = 10_000;
const models = goldenModels("qwen2_5_vl");
const [golden] = models;
const sharded = models.find(({ name }) => name.endsWith("sharded"))!;
const shipped = fileURLToPath(new URL("../../assets/tiny-vlm", import.meta.url));
const dir = folderForDamage();

const pieces = ["(", "[", "\\p{L}+", "(a+)+$", "Ġ", " ", "\ud800", "{", "../", "\0", "9"];
const damage = { pieces, values: oddValues };

const jsonOf = (folder: string, file: string): unknown =>
  JSON.parse(readFileSync(join(folder, file), "utf8"));

/** A file with some of its values damaged, seldom its text. */
function write(file: string, original: unknown, random: RandomStream): void {
  let value = original;
  for (let times = random.integer(3); times >= 0; times--) value = damaged(value, random, damage);
  const text = JSON.stringify(value) ?? "";
  const broken = random.integer(20) === 0 ? damagedText(text, random, pieces) : text;
  writeFileSync(join(dir, file), broken);
}

/** Reads damaged files; `rounds` of them, some accepted, none failing with anything but words. */
function survive<A>(read: (round: number) => A, sound: (value: A) => void, rounds = ROUNDS): void {
  let accepted = 0;
  for (let round = 0; round < rounds; round++) {
    try {
      sound(read(round));
      accepted++;
    } catch (error) {
      if (!(error instanceof ModelFolderInvalid || error instanceof SafetensorsInvalid))
        throw error;
      if (!error.message.includes(dir)) throw error;
      if (error.message.length > 2500) throw new Error(`${error.message.length} characters`);
    }
  }
  expect(accepted).toBeGreaterThan(rounds / 50);
  expect(accepted).toBeLessThan(rounds);
}

const isPositive = (value: number) => Number.isSafeInteger(value) && value > 0;

it("config.json gives sizes that fit each other, or is refused", { timeout: 300_000 }, () => {
  const random = stream(1, "config");
  const originals = models.map(({ checkpoint }) => jsonOf(checkpoint, "config.json"));
  survive(
    () => {
      write("config.json", random.pick(originals), random);
      return readConfig(dir);
    },
    ({ text, tokens }) => {
      const sizes = [text.hiddenSize, text.layers, text.heads, text.kvHeads, text.headDim];
      const fits = sizes.every(isPositive);
      const ids = [tokens.image, tokens.pad, ...tokens.eos].every((id) => id < text.vocabSize);
      if (!(fits && ids && text.heads % text.kvHeads === 0)) throw new Error("unsound sizes");
    },
  );
});

it("config.json with absurd sizes asks for no memory", () => {
  const original = jsonOf(golden!.checkpoint, "config.json") as Record<string, unknown>;
  const text = original.text_config as Record<string, unknown>;
  const absurd = { ...text, num_hidden_layers: 1000, vocab_size: 2 ** 31 - 1 };
  writeFileSync(join(dir, "config.json"), JSON.stringify({ ...original, text_config: absurd }));
  expect(expectedShapes(readConfig(dir)).size).toBeLessThan(20_000);
});

it("preprocessor_config.json cuts images into finite patches, or is refused", {
  timeout: 300_000,
}, () => {
  const random = stream(1, "preprocessor");
  const original = jsonOf(golden!.checkpoint, "preprocessor_config.json");
  const image = { width: 9, height: 7, data: new Uint8Array(9 * 7 * 3).fill(200) };
  let cut = 0;
  survive(
    () => {
      write("preprocessor_config.json", original, random);
      return readImageProcessorConfig(dir);
    },
    (config) => {
      const { minPixels, maxPixels, patchSize, mergeSize, temporalPatchSize } = config;
      if (!(minPixels <= maxPixels && maxPixels <= 2 ** 26)) throw new Error("unsound areas");
      const block = (patchSize * mergeSize) ** 2 * temporalPatchSize;
      // Larger ones are sound, but take their time.
      if (minPixels > 4096 || block > 4096 || !config.doResize || cut >= 1000) return;
      const { patches, grid } = processImage(image, config);
      const rows = grid.reduce((product, side) => product * side, 1);
      if (patches.length !== rows * patchSize ** 2 * 3 * temporalPatchSize) {
        throw new Error("unsound grid");
      }
      if (!patches.every(Number.isFinite)) throw new Error("not finite");
      cut++;
    },
  );
  expect(cut).toBeGreaterThan(100);
});

it("preprocessor_config.json with absurd sizes is refused", () => {
  const folder = join(dir, "absurd");
  cpSync(shipped, folder, { recursive: true });
  const original = jsonOf(shipped, "preprocessor_config.json") as object;
  for (const odd of [
    { min_pixels: 2 ** 31 - 1, max_pixels: 2 ** 31 - 1 },
    { patch_size: 2 ** 30 },
    { image_mean: [1e308, 0, 0] },
    { image_std: [0, 1, 1] },
    { rescale_factor: 1e300 },
  ]) {
    const path = join(folder, "preprocessor_config.json");
    writeFileSync(path, JSON.stringify({ ...original, ...odd }));
    expect(() => loadProcessor(folder)).toThrow(ModelFolderInvalid);
  }
});

it("the index of shards names files of its own folder only", { timeout: 300_000 }, () => {
  const random = stream(1, "index");
  const index = "model.safetensors.index.json";
  const { weight_map: all } = jsonOf(sharded.checkpoint, index) as {
    weight_map: Record<string, string>;
  };
  const few = { metadata: {}, weight_map: Object.fromEntries(Object.entries(all).slice(0, 6)) };
  let opened = 0;
  survive(
    () => {
      write(index, few, random);
      try {
        return locateWeights(dir, canonicalName);
      } catch (error) {
        // A shard that is looked for, and is not there.
        if (error instanceof SafetensorsInvalid && error.field === "file") {
          opened++;
          expect(error.path).toMatch(new RegExp(`^${dir}/[\\w.-]+$`));
          return new Map();
        }
        throw error;
      }
    },
    (places) => expect(places.size).toBe(0),
  );
  expect(opened).toBeGreaterThan(100);
});

describe("tokenizer.json and tokenizer_config.json", () => {
  type File = {
    model: { vocab: Record<string, number>; merges?: ReadonlyArray<unknown> };
    added_tokens: ReadonlyArray<{ id: number }>;
  };

  /** A tokenizer of fewer words, so that thousands of it can be read. */
  function small(folder: string) {
    const file = jsonOf(folder, "tokenizer.json") as File;
    const words = Object.keys(file.model.vocab).slice(0, 60);
    const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
    const merges = file.model.merges && { merges: file.model.merges.slice(0, 5) };
    const special = file.added_tokens.slice(0, 3);
    const added = special.map((token, at) => ({ ...token, id: merges ? words.length + at : at }));
    const model = { ...file.model, vocab, ...merges };
    return {
      file: { ...file, model, added_tokens: added },
      config: jsonOf(folder, "tokenizer_config.json"),
    };
  }

  const word = small(shipped);
  const bytes = small(golden!.checkpoint);

  it("give whole ids and texts, or are refused", { timeout: 300_000 }, () => {
    // The library prints what it does not know.
    const warnings = vi.spyOn(console, "warn").mockImplementation(() => {});
    const random = stream(1, "tokenizer");
    survive(
      (round) => {
        const { file, config } = round % 5 === 0 ? bytes : word;
        write("tokenizer.json", file, random);
        writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify(config));
        if (random.integer(4) === 0) write("tokenizer_config.json", config, random);
        const tokenizer = loadTokenizer(dir);
        const ids = tokenizer.encode(`what color 12 ? <|eos|> ${"a".repeat(30)}!`);
        return { tokenizer, ids };
      },
      ({ tokenizer, ids }) => {
        const { largestId } = tokenizer;
        if (!ids.every((id) => Number.isInteger(id) && id >= 0 && id <= largestId)) {
          throw new Error(`unsound ids ${ids}`);
        }
        if (typeof tokenizer.decode(ids) !== "string") throw new Error("no text");
      },
    );
    warnings.mockRestore();
  });

  it("with an expression that takes for ever are given up", { timeout: 60_000 }, () => {
    const { file, config } = bytes;
    const split = {
      type: "Split",
      pattern: { Regex: "(x+)+$" },
      behavior: "Isolated",
      invert: false,
    };
    writeFileSync(join(dir, "tokenizer.json"), JSON.stringify({ ...file, pre_tokenizer: split }));
    writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify(config));
    const tokenizer = loadTokenizer(dir, { reading: 200 });
    expect(() => tokenizer.encode(`${"x".repeat(60)}!`)).toThrow(/timed out after 200/);
  });
});
