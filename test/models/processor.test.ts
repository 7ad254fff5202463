/** Whole prompts: ids with expanded placeholders, patches and grids equal to those of `transformers`. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ImageCountMismatch, loadProcessor } from "../../src/models/processor.ts";
import { goldenModels } from "../support/golden.ts";

const models = goldenModels("qwen2_5_vl");
const dir = mkdtempSync(join(tmpdir(), "rcpa-processor-"));
afterAll(() => rmSync(dir, { recursive: true }));

describe.each(models)("$name", ({ checkpoint, cases }) => {
  const processor = loadProcessor(checkpoint);

  it.each(cases)("encodes the prompt of case $index exactly", async (item) => {
    const { ids, images } = processor.encodePrompt(item.messages, await item.images());
    expect(ids).toEqual(item.promptIds);
    expect(images.map(({ grid }) => grid)).toEqual(item.imageGrid);
    for (const { patches, grid } of images) {
      expect(patches.length).toBe(grid[0] * grid[1] * grid[2] * 3 * 2 * 14 * 14);
    }
    expect(processor.render(item.messages)).toBe(item.renderedPrompt);
  });

  it("encodes a prompt without images", () => {
    const { ids, images } = processor.encodePrompt([{ role: "user", content: "Hi" }], []);
    expect(images).toEqual([]);
    expect(processor.tokenizer.decode(ids)).toBe(
      processor.render([{ role: "user", content: "Hi" }]),
    );
  });

  it("refuses another number of images than placeholders, written out ones included", async () => {
    const { messages, images } = cases[0]!;
    const [image] = await images();
    expect(() => processor.encodePrompt(messages, [])).toThrow(ImageCountMismatch);
    expect(() => processor.encodePrompt(messages, [image!, image!])).toThrow(
      /1 image placeholder.*2 image/,
    );
    const forged = [{ role: "user", content: "<|image_pad|>" }];
    expect(() => processor.encodePrompt(forged, [])).toThrow(/1 image placeholder.*0 image/);
  });
});

it("refuses preprocessing that does not fit the model", () => {
  cpSync(models[0]!.checkpoint, dir, { recursive: true });
  const path = join(dir, "preprocessor_config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...config, patch_size: 16 }));
  expect(() => loadProcessor(dir)).toThrow(/preprocessor_config\.json: patch_size: 16.*14/);
});
