/** Patches equal to those of `Qwen2VLImageProcessor`, sizes as its `smart_resize` chooses. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Raster } from "../../../../src/core/raster.ts";
import { stream } from "../../../../src/core/seed.ts";
import {
  type ImageProcessorConfig,
  processImage,
  readImageProcessorConfig,
  smartResize,
} from "../../../../src/models/families/qwen/image-processor.ts";
import { ImageUnsuitable } from "../../../../src/models/image-patches.ts";
import { goldenModels } from "../../../support/golden.ts";

const TOLERANCE = 1e-3;
const dir = mkdtempSync(join(tmpdir(), "rcpa-image-"));
afterAll(() => rmSync(dir, { recursive: true }));

function readWith(json: unknown, file = "preprocessor_config.json"): ImageProcessorConfig {
  for (const name of ["preprocessor_config.json", "processor_config.json"]) {
    rmSync(join(dir, name), { force: true });
  }
  writeFileSync(join(dir, file), JSON.stringify(json));
  return readImageProcessorConfig(dir);
}

describe.each(goldenModels("qwen2_5_vl"))("$name", ({ checkpoint, cases, reference }) => {
  const config = readImageProcessorConfig(checkpoint);
  const arrays = reference();

  it.each(cases)("gives the pixel values of case $index", async ({ index, images, imageGrid }) => {
    const results = (await images()).map((image) => processImage(image, config));
    expect(results.map(({ grid }) => grid)).toEqual(imageGrid);
    const found = results.flatMap(({ patches }) => [...patches]);
    const { data, shape } = arrays.get(`${index}.pixel_values`)!;
    expect(found.length).toBe(shape[0]! * shape[1]!);
    const worst = found.reduce((max, value, i) => Math.max(max, Math.abs(value - data[i]!)), 0);
    expect(worst).toBeLessThan(TOLERANCE);
  });
});

describe("patches", () => {
  /** Colour tells place: red the column, green the row, blue constant. */
  const image: Raster = { width: 8, height: 4, data: new Uint8Array(8 * 4 * 3) };
  for (let pixel = 0; pixel < 32; pixel++) {
    image.data.set([pixel % 8, Math.floor(pixel / 8), 99], pixel * 3);
  }
  const plain = { do_resize: false, do_rescale: false, do_normalize: false };
  const small = { patch_size: 2, merge_size: 2, temporal_patch_size: 1 };

  it("run over merge blocks, then over the patches of a block, without repeating one frame", () => {
    const { patches, grid } = processImage(image, readWith({ ...plain, ...small }));
    expect(grid).toEqual([1, 2, 4]);
    const rows = Array.from({ length: 8 }, (_, row) => [
      ...patches.subarray(row * 12, row * 12 + 12),
    ]);
    const corners = rows.map((row) => [row[0], row[4]]);
    expect(corners).toEqual([
      [0, 0],
      [2, 0],
      [0, 2],
      [2, 2],
      [4, 0],
      [6, 0],
      [4, 2],
      [6, 2],
    ]);
    expect(rows[1]).toEqual([2, 3, 2, 3, 0, 0, 1, 1, 99, 99, 99, 99]);
  });

  it("repeat the image along the temporal axis inside each channel", () => {
    const two = processImage(image, readWith({ ...plain, ...small, temporal_patch_size: 2 }));
    const row = [...two.patches.subarray(24, 48)];
    expect(row.slice(0, 8)).toEqual([2, 3, 2, 3, 2, 3, 2, 3]);
    expect(row.slice(8, 16)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  });

  it("are (grey · factor − mean) / std", () => {
    const scale = { rescale_factor: 0.5, image_mean: [1, 2, 3], image_std: 4 };
    const config = readWith({ ...small, do_resize: false, ...scale });
    const { patches } = processImage(image, config);
    expect([...patches.subarray(12, 24)]).toEqual(
      [2, 3, 2, 3]
        .map((v) => (v * 0.5 - 1) / 4)
        .concat([0, 0, 1, 1].map((v) => (v * 0.5 - 2) / 4))
        .concat([99, 99, 99, 99].map((v) => (v * 0.5 - 3) / 4)),
    );
  });

  it("need suitable sides when nothing may be resized", () => {
    const config = readWith({ ...small, do_resize: false, patch_size: 3 });
    expect(() => processImage(image, config)).toThrow(/8×4.*multiples of 6/);
  });

  it("need as many bytes as the size says", () => {
    const short = { ...image, data: image.data.subarray(1) };
    expect(() => processImage(short, readWith({}))).toThrow(ImageUnsuitable);
  });
});

describe("smartResize", () => {
  it.each([
    // As Python's `smart_resize`: halves round to even, a side that rounds to nothing grows, and so on.
    [70, 42, 28, 1, 1e6, [56, 56]],
    [98, 14, 28, 784, 1e6, [84, 28]],
    [500, 300, 28, 784, 28 * 28 * 40, [224, 112]],
    [10, 500, 28, 784, 2000, [28, 224]],
    [5, 7, 28, 3136, 1e6, [56, 84]],
    [48, 48, 24, 576, 1e6, [48, 48]],
  ] as const)("%d×%d by %d within %d..%d", (height, width, factor, min, max, expected) => {
    expect(smartResize(height, width, factor, min, max)).toEqual(expected);
  });

  it("gives sides that are multiples of the factor with an area within bounds", () => {
    const random = stream(2, "sizes");
    for (let trial = 0; trial < 300; trial++) {
      const [height, width] = [20 + random.integer(500), 20 + random.integer(500)];
      const [tall, wide] = smartResize(height, width, 28, 3136, 200 * 784);
      expect([tall % 28, wide % 28]).toEqual([0, 0]);
      expect(tall * wide).toBeGreaterThanOrEqual(3136);
      expect(tall * wide).toBeLessThanOrEqual(200 * 784);
    }
  });

  it("refuses stripes", () => {
    expect(() => smartResize(1, 201, 28, 3136, 1e6)).toThrow(/200 times/);
  });
});

describe("settings", () => {
  it("read the published form with min_pixels and max_pixels, and defaults for the rest", () => {
    const config = readWith({ min_pixels: 3136, max_pixels: 12845056, image_processor_type: "x" });
    expect(config).toMatchObject({
      minPixels: 3136,
      maxPixels: 12845056,
      doResize: true,
      filter: "bicubic",
      rescaleFactor: 1 / 255,
      patchSize: 14,
      temporalPatchSize: 2,
      mergeSize: 2,
    });
  });

  it("are found inside processor_config.json, where processors are saved whole", () => {
    const image_processor = { size: { shortest_edge: 4, longest_edge: 400 }, resample: 1 };
    const config = readWith({ image_processor }, "processor_config.json");
    expect(config).toMatchObject({ minPixels: 4, maxPixels: 400, filter: "lanczos" });
  });

  it.each([
    [{ resample: 0 }, "resample"],
    [{ patch_size: 0 }, "patch_size"],
    [{ image_std: [1, 0, 1] }, "image_std"],
    [{ image_mean: [1, 2] }, "image_mean"],
    [{ size: { shortest_edge: 10, longest_edge: 9 } }, "size"],
  ])("name the field of %j", (json, field) => {
    expect(() => readWith(json)).toThrow(
      expect.objectContaining({ field: expect.stringContaining(field) }),
    );
  });
});
