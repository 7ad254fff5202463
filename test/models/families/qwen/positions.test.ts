import { describe, expect, it } from "vitest";
import { promptPositions } from "../../../../src/models/families/qwen/positions.ts";
import {
  attentionGroups,
  patchCoordinates,
} from "../../../../src/models/families/tower/patches.ts";
import { readModelFolder } from "../../../../src/models/folder.ts";
import { textRotary } from "../../../../src/models/positions.ts";
import { release } from "../../../../src/tensor/memory.ts";
import { goldenModels } from "../../../support/golden.ts";
import { onBestEngine } from "../../../support/learner.ts";

onBestEngine();

const IMAGE = 9;
const { config } = readModelFolder(goldenModels("qwen2_5_vl")[0]!.checkpoint);

describe("promptPositions", () => {
  it("counts text on in all axes", () => {
    expect(promptPositions([1, 2, 3], [], IMAGE, 2)).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [2, 2, 2],
    ]);
  });

  it("spreads an image over height and width and goes on after its longer side", () => {
    const ids = [1, ...Array(6).fill(IMAGE), 2];
    expect(promptPositions(ids, [[1, 4, 6]], IMAGE, 2)).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [1, 1, 2],
      [1, 1, 3],
      [1, 2, 1],
      [1, 2, 2],
      [1, 2, 3],
      [4, 4, 4],
    ]);
  });

  it("starts a second image where the first one's text ended", () => {
    const ids = [IMAGE, 1, IMAGE, IMAGE, 2];
    const grids = [
      [1, 2, 2],
      [1, 4, 2],
    ] as const;
    expect(promptPositions(ids, grids, IMAGE, 2).slice(1)).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [2, 3, 2],
      [4, 4, 4],
    ]);
  });
});

describe("textRotary", () => {
  it("turns each section by its own axis, slower from frequency to frequency", () => {
    const { text } = config;
    const half = text.headDim / 2;
    const [time, height] = text.mropeSection;
    const last = half - 1;
    const [cos, sin] = read(textRotary(Int32Array.of(2, 3, 5, 0, 0, 0), text));
    const expected = [
      [0, 2],
      [time, 3 * text.ropeTheta ** (-time / half)],
      [last, 5 * text.ropeTheta ** (-last / half)],
    ] as const;
    for (const [i, angle] of expected) {
      expect(cos[i]).toBeCloseTo(Math.cos(angle), 6);
      expect(sin[i]).toBeCloseTo(Math.sin(angle), 6);
      expect(cos[i + half]).toBe(cos[i]);
      expect(sin[i + half]).toBe(sin[i]);
    }
    expect([...cos.slice(2 * half)]).toEqual(Array(2 * half).fill(1));
    expect(time + height).toBeLessThan(half);
  });

  it("gives the same for a position whatever was asked before", () => {
    const { text } = config;
    const first = read(textRotary(Int32Array.of(7, 7, 7), text));
    read(textRotary(Int32Array.of(500, 3, 90), text));
    expect(read(textRotary(Int32Array.of(7, 7, 7), text))).toEqual(first);
  });
});

function read({ cos, sin, quarterTurn }: ReturnType<typeof textRotary>) {
  const values = [cos.dataSync<"float32">(), sin.dataSync<"float32">()] as const;
  release(cos, sin, quarterTurn);
  return values;
}

describe("patches", () => {
  const vision = { ...config.vision, mergeSize: 2, patchSize: 14, windowSize: 56 };

  it("lie block by block", () => {
    expect(patchCoordinates([1, 2, 4], 2)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
    ]);
  });

  it("attend within a frame, or within windows that the edge may cut", () => {
    const grid = [2, 4, 6] as const;
    const full = attentionGroups(grid, vision, "full");
    expect(full.map((group) => group.length)).toEqual([24, 24]);
    // Windows of 2 × 2 blocks over 2 × 3 blocks a frame: a whole one and a cut one each.
    const windows = attentionGroups(grid, vision, "window");
    expect(windows.map((group) => group.length)).toEqual([16, 8, 16, 8]);
    const coordinates = patchCoordinates(grid, vision.mergeSize);
    expect(new Set(windows[1]!.map((patch) => coordinates[patch]![1]))).toEqual(new Set([4, 5]));
    expect(windows.flat().sort((a, b) => a - b)).toEqual(full.flat());
  });
});
