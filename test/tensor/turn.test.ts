/** Turning matrices on the host, by the native library and without it: every element in its place, no other touched. */
import { beforeAll, describe, expect, it } from "vitest";
import { readManifest } from "../../src/tensor/install/layout.mjs";
import { type Turn, turnInto, turnPortably } from "../../src/tensor/turn.ts";
import { startEngine } from "../support/engine.ts";

const ways: ReadonlyArray<readonly [string, Turn]> = [
  ["the engine's way", turnInto],
  ["the portable way", turnPortably],
];

const installed = readManifest("cpu") !== null;

beforeAll(async () => {
  if (installed) await startEngine("tensorflow-cpu");
});

describe.each(ways)("%s", (_, turn) => {
  // Fewer than a tile, exactly some tiles, and remainders of every kind.
  it.each([
    [1, 1],
    [3, 5],
    [4, 4],
    [64, 16],
    [65, 17],
    [130, 33],
    [7, 300],
    [300, 7],
    [0, 4],
  ])("turns %i × %i into columns of a wider matrix", (rows, depth) => {
    const [width, offset] = [rows + 5, 3];
    const from = Float32Array.from({ length: rows * depth }, (_, index) => index + 1);
    const to = new Float32Array(depth * width).fill(-1);
    turn(from, rows, depth, to, width, offset);
    for (let column = 0; column < depth; column++) {
      for (let at = 0; at < width; at++) {
        const row = at - offset;
        const within = row >= 0 && row < rows;
        expect(to[column * width + at]).toBe(within ? from[row * depth + column] : -1);
      }
    }
  });
});

describe.skipIf(!installed)("the native way", () => {
  it.each([
    ["a target that is too small", new Float32Array(4), new Float32Array(3)],
    ["a source that is too small", new Float32Array(3), new Float32Array(4)],
    ["a source of other numbers", new Float64Array(4), new Float32Array(4)],
  ])("refuses %s", (_, from, to) => {
    expect(() => turnInto(from as Float32Array, 2, 2, to, 2, 0)).toThrow(/turn\(\)/);
  });
});
