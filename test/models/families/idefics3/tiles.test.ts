/** Tiles: how an image is sized, split and ordered, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cutTiles, readTileSettings } from "../../../../src/models/families/idefics3/tiles.ts";

const dir = mkdtempSync(join(tmpdir(), "rcpa-tiles-"));
afterAll(() => rmSync(dir, { recursive: true }));

function readWith(json: unknown) {
  writeFileSync(join(dir, "preprocessor_config.json"), JSON.stringify(json));
  return readTileSettings(dir);
}

const plain = { do_rescale: false, do_normalize: false };
const small = { size: { longest_edge: 8 }, max_image_size: { longest_edge: 4 } };
const cut = { patchSize: 2, temporalPatchSize: 1, mergeSize: 1 };

/** Colour tells place: red the column, green the row. */
function picture(width: number, height: number) {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), 9], i * 3);
  return { width, height, data };
}

describe("tiles", () => {
  it("follow each other row by row, the whole image last", () => {
    const settings = readWith({ ...plain, ...small, do_resize: false });
    const { grid, tiles, patches } = cutTiles(picture(8, 4), settings, cut);
    expect([grid, tiles]).toEqual([
      [3, 2, 2],
      [1, 2],
    ]);
    const corners = Array.from({ length: 8 }, (_, patch) => [
      patches[patch * 12],
      patches[patch * 12 + 4],
    ]);
    expect(corners.slice(0, 4)).toEqual([
      [0, 0],
      [2, 0],
      [0, 2],
      [2, 2],
    ]);
    expect(corners.slice(4)).toEqual([
      [4, 0],
      [6, 0],
      [4, 2],
      [6, 2],
    ]);
  });

  it.each([
    // Width, height: as Idefics3ImageProcessor sizes them: edge 8, then multiples of 4.
    [16, 16, [2, 2]],
    [16, 6, [1, 2]],
    [3, 30, [2, 1]],
    [5, 8, [2, 2]],
    [1, 4000, [2, 1]],
  ])("of an image of %d×%d are %j", (width, height, tiles) => {
    expect(cutTiles(picture(width, height), readWith(small), cut).tiles).toEqual(tiles);
  });

  it("are not made where an image fits one, or splitting is off", () => {
    const one = { ...small, size: { longest_edge: 4 } };
    for (const settings of [one, { ...small, do_image_splitting: false }]) {
      const { grid, tiles } = cutTiles(picture(16, 10), readWith(settings), cut);
      expect([grid, tiles]).toEqual([[1, 2, 2], undefined]);
    }
  });

  it("leave out pixels that fill no patch", () => {
    const odd = { ...small, max_image_size: { longest_edge: 5 }, do_image_splitting: false };
    expect(cutTiles(picture(9, 9), readWith(odd), cut).grid).toEqual([1, 2, 2]);
  });
});

describe("settings", () => {
  it("default to those of the class", () => {
    const defaults = { longestEdge: 1456, tile: 364, split: true, filter: "lanczos" };
    expect(readWith({})).toMatchObject({ ...defaults, mean: [0.5, 0.5, 0.5] });
  });

  it("are refused where they make endless tiles", () => {
    const endless = { size: { longest_edge: 4096 }, max_image_size: { longest_edge: 1 } };
    expect(() => readWith(endless)).toThrow(/preprocessor_config\.json: size: .*4096.*tiles of 1/);
    expect(() => readWith({ size: { longest_edge: 0 } })).toThrow(/size\.longest_edge/);
    const vast = readWith({ ...small, do_resize: false });
    expect(() => cutTiles(picture(300, 300), vast, cut)).toThrow(/300×300.*1024 tiles/);
  });
});
