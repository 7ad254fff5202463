/** Model folders: read, written and read again; damage and mismatch are named, never half accepted. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { NamedArray } from "../../src/core/named-array.ts";
import { canonicalName } from "../../src/models/families/qwen/weights.ts";
import { readModelFolder, writeModelFolder } from "../../src/models/folder.ts";
import { ModelFolderInvalid } from "../../src/models/model-folder-invalid.ts";
import { readSafetensors, writeSafetensors } from "../../src/models/safetensors.ts";
import { SafetensorsInvalid } from "../../src/models/safetensors-header.ts";
import { expectedShapes } from "../../src/models/weight-shapes.ts";
import { goldenModels } from "../support/golden.ts";

const models = goldenModels("qwen2_5_vl");
const root = mkdtempSync(join(tmpdir(), "rcpa-folder-"));
afterAll(() => rmSync(root, { recursive: true }));
const copy = join(root, "copy");
const weightsFile = join(copy, "model.safetensors");

beforeEach(() => {
  rmSync(copy, { recursive: true, force: true });
  cpSync(models[0]!.checkpoint, copy, { recursive: true });
});

/** Rewrites the weights of the copy after a change. */
function rewrite(change: (weights: Map<string, NamedArray>) => void) {
  const weights = readSafetensors(weightsFile);
  change(weights);
  writeSafetensors(weightsFile, weights);
}

describe.each(models)("$name", ({ checkpoint }) => {
  const folder = readModelFolder(checkpoint);

  it("has exactly the weights that its configuration calls for", () => {
    const shapes = [...folder.weights].map(([name, { shape }]) => [name, shape]);
    expect(shapes).toEqual([...expectedShapes(folder.config)]);
    expect(folder.weights.has("lm_head.weight")).toBe(!folder.config.text.tieWordEmbeddings);
  });

  it("comes back the same after writing, beside its other files", () => {
    const dir = join(root, "written");
    writeModelFolder(dir, { from: checkpoint, weights: folder.weights });
    expect(readModelFolder(dir)).toEqual({ ...folder, dir });
    const stored = [...readSafetensors(join(dir, "model.safetensors")).keys()];
    expect(stored).toEqual([...folder.weights.keys()].sort());
    for (const file of ["tokenizer.json", "chat_template.jinja", "preprocessor_config.json"]) {
      expect(readFileSync(join(dir, file))).toEqual(readFileSync(join(checkpoint, file)));
    }
    const config = JSON.parse(readFileSync(join(dir, "config.json"), "utf8"));
    const original = JSON.parse(readFileSync(join(checkpoint, "config.json"), "utf8"));
    expect(config).toEqual({ ...original, dtype: "float32" });
  });
});

describe("names", () => {
  it("reads the spellings of every release of transformers to the same weights", () => {
    const expected = readModelFolder(copy).weights;
    const spellings: ReadonlyArray<(name: string) => string> = [
      (name) =>
        name
          .replace(/^visual/, "model.visual")
          .replace(/^model\.(?!visual)/, "model.language_model."),
      (name) => name.replace(/^(model|lm_head)\./, "language_model.$1."),
      (name) => name.replace(/^model\./, ""),
    ];
    for (const spelling of spellings) {
      cpSync(join(models[0]!.checkpoint, "model.safetensors"), weightsFile);
      const renamed = [...readSafetensors(weightsFile)].map(
        ([name, array]) => [spelling(name), array] as const,
      );
      writeSafetensors(weightsFile, new Map(renamed));
      expect(readModelFolder(copy).weights).toEqual(expected);
    }
  });

  it("leaves canonical names alone and skips stored rotary tables", () => {
    for (const name of expectedShapes(readModelFolder(copy).config).keys()) {
      expect(canonicalName(name)).toBe(name);
    }
    expect(canonicalName("model.layers.0.self_attn.rotary_emb.inv_freq")).toBeUndefined();
  });

  it("refuses two spellings of one weight in a folder", () => {
    rewrite((weights) =>
      weights.set("model.visual.merger.ln_q.weight", weights.get("visual.merger.ln_q.weight")!),
    );
    expect(() => readModelFolder(copy)).toThrow(/visual\.merger\.ln_q\.weight.*as is/);
  });
});

describe("damage", () => {
  function failure(): ModelFolderInvalid {
    try {
      readModelFolder(copy);
    } catch (error) {
      expect(error).toBeInstanceOf(ModelFolderInvalid);
      return error as ModelFolderInvalid;
    }
    throw new Error("the folder was accepted");
  }

  it("names tensor, file, expected and found shape", () => {
    rewrite((weights) => {
      const { data } = weights.get("model.norm.weight")!;
      weights.set("model.norm.weight", { shape: [8, 8], data });
    });
    const error = failure();
    expect(error.field).toBe("model.norm.weight");
    expect(error.message).toContain(
      `model.norm.weight in ${weightsFile}: expected [64], found [8,8]`,
    );
  });

  it("lists missing and unexpected tensors in one error, the stored name with it", () => {
    rewrite((weights) => {
      weights.delete("visual.merger.ln_q.weight");
      weights.set("language_model.extra.weight", { shape: [1], data: new Float32Array(1) });
    });
    const { message } = failure();
    expect(message).toContain("visual.merger.ln_q.weight: missing, expected [32]");
    expect(message).toContain("model.extra.weight (stored as language_model.extra.weight)");
    expect(message).toContain("unexpected, [1]");
  });

  it("shortens a long list of problems", () => {
    writeSafetensors(weightsFile, new Map());
    expect(failure().message).toMatch(/and 85 more$/);
  });

  it("names a truncated file", () => {
    truncateSync(weightsFile, 200_000);
    expect(() => readModelFolder(copy)).toThrow(SafetensorsInvalid);
    expect(() => readModelFolder(copy)).toThrow(/model\.safetensors.*truncated/);
  });

  it("says when there are no weights, or no folder", () => {
    rmSync(weightsFile);
    expect(failure().message).toMatch(/no weights/);
    expect(() => readModelFolder(join(root, "absent"))).toThrow(/config\.json: file not found/);
  });
});

describe("shards", () => {
  const sharded = models.find((model) => model.name.endsWith("sharded"))!.checkpoint;
  const index = join(copy, "model.safetensors.index.json");
  beforeEach(() => {
    rmSync(copy, { recursive: true });
    cpSync(sharded, copy, { recursive: true });
  });

  it("names a shard that is not there", () => {
    rmSync(join(copy, "model-00002-of-00002.safetensors"));
    expect(() => readModelFolder(copy)).toThrow(/model-00002-of-00002\.safetensors/);
  });

  it("names a tensor that the index places in the wrong shard", () => {
    const json = JSON.parse(readFileSync(index, "utf8"));
    const name = Object.keys(json.weight_map)[0]!;
    json.weight_map[name] = "model-00002-of-00002.safetensors";
    writeFileSync(index, JSON.stringify(json));
    expect(() => readModelFolder(copy)).toThrow(new RegExp(`${name}: missing`));
  });

  it("does not follow an index out of the folder", () => {
    writeFileSync(index, JSON.stringify({ weight_map: { x: "../model.safetensors" } }));
    expect(() => readModelFolder(copy)).toThrow(/weight_map\.x.*not the name of a shard/);
  });
});

describe("writing", () => {
  const source = () => ({ from: copy, weights: readModelFolder(copy).weights });

  it("replaces a model folder, even the one it copies from", () => {
    const { weights } = source();
    const norm = weights.get("model.norm.weight")!;
    weights.set("model.norm.weight", { ...norm, data: norm.data.map((value) => value + 1) });
    writeModelFolder(copy, { from: copy, weights });
    expect(readModelFolder(copy).weights).toEqual(weights);
    expect(readdirSync(root).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("does not replace a folder of something else", () => {
    const dir = join(root, "precious");
    mkdirSync(dir);
    writeFileSync(join(dir, "thesis.txt"), "years");
    expect(() => writeModelFolder(dir, source())).toThrow(/has no config.json/);
    expect(readdirSync(dir)).toEqual(["thesis.txt"]);
  });

  it("writes nothing when weights do not fit the configuration", () => {
    const dir = join(root, "never");
    const { from, weights } = source();
    weights.delete("model.norm.weight");
    expect(() => writeModelFolder(dir, { from, weights })).toThrow(/model\.norm\.weight: missing/);
    expect(existsSync(dir)).toBe(false);
  });

  it("says that it cannot write, and leaves nothing", () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    expect(() => writeModelFolder(join(file, "model"), source())).toThrow(/cannot write/);
    expect(readFileSync(file, "utf8")).toBe("");
  });
});
