import { describe, expect, it } from "vitest";
import type { Raster } from "../../src/core/raster.ts";
import { stream } from "../../src/core/seed.ts";
import { circle, dot, fill, line, outline, plain, text } from "../../src/data/canvas.ts";
import { textPixels, textWidth } from "../../src/data/font.ts";
import { allCells, blank, label, readingOrder } from "../../src/data/grid.ts";

const white = [255, 255, 255] as const;
const black = [0, 0, 0] as const;

/** The image as text, `#` where it is not white. */
const picture = ({ width, height, data }: Raster): ReadonlyArray<string> =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (data[(y * width + x) * 3] === 255 ? "." : "#")).join(
      "",
    ),
  );
const drawn = (size: number, draw: (image: Raster) => void) => {
  const image = plain(size, size, white);
  draw(image);
  return picture(image);
};

describe("drawing", () => {
  it("draws lines with both ends, dashed or not", () => {
    expect(drawn(5, (image) => line(image, [0, 0], [4, 4], black))).toEqual([
      "#....",
      ".#...",
      "..#..",
      "...#.",
      "....#",
    ]);
    expect(drawn(5, (image) => line(image, [4, 2], [0, 2], black, 2))[2]).toBe("#..##");
    expect(drawn(3, (image) => line(image, [1, 1], [1, 1], black))).toEqual(["...", ".#.", "..."]);
  });

  it("closes outlines", () => {
    const corners = [
      [0, 0],
      [3, 0],
      [3, 3],
      [0, 3],
    ] as const;
    expect(drawn(4, (image) => outline(image, corners, black))).toEqual([
      "####",
      "#..#",
      "#..#",
      "####",
    ]);
  });

  it("draws circles one pixel wide", () => {
    expect(drawn(5, (image) => circle(image, [2, 2], 2, black))).toEqual([
      ".###.",
      "#...#",
      "#...#",
      "#...#",
      ".###.",
    ]);
  });

  it("fills around a corner between pixels", () => {
    expect(
      drawn(4, (image) => fill(image, [2, 2], 2, (x, y) => Math.hypot(x, y) <= 2, black)),
    ).toEqual([".##.", "####", "####", ".##."]);
  });

  it("leaves out what lies outside", () => {
    const draw = (image: Raster) => {
      for (const point of [
        [-1, 0],
        [0, -1],
        [3, 0],
        [0, 3],
      ] as const)
        dot(image, point, black);
    };
    expect(drawn(3, draw)).toEqual(["...", "...", "..."]);
  });

  it("writes text", () => {
    expect(drawn(8, (image) => text(image, [0, 1], "17", black)).slice(0, 7)).toEqual([
      "........",
      ".#..###.",
      "##....#.",
      ".#...#..",
      ".#...#..",
      "###..#..",
      "........",
    ]);
  });
});

describe("the font", () => {
  it("has a different glyph for every character of a label", () => {
    const glyphs = [..."0123456789+-*/x"].map((one) => JSON.stringify(textPixels(one)));
    expect(new Set(glyphs).size).toBe(15);
    expect(textWidth("180")).toBe(11);
  });

  it("refuses other characters", () => {
    expect(() => textPixels("12a")).toThrow('no glyph for "a"');
  });
});

describe("the grid", () => {
  it("keeps every label inside its cell, whatever the jitter", () => {
    for (const content of ["7", "42", "180"])
      for (let index = 0; index < 20; index++) {
        const image = blank(255);
        label(image, { row: 1, column: 2 }, content, stream(1, index));
        picture(image).forEach((row, y) => {
          const outside = y < 12 || y >= 24 ? row : row.slice(0, 24) + row.slice(36);
          expect(outside).not.toContain("#");
        });
      }
  });

  it("reads cells row by row", () => {
    expect([...allCells].reverse().sort(readingOrder)).toEqual(allCells);
    expect(allCells).toHaveLength(16);
  });

  it("gives a blank image of the worlds' size and middle grey", () => {
    const image = blank();
    expect([image.width, image.height, image.data.length]).toEqual([48, 48, 48 * 48 * 3]);
    expect(new Set(image.data)).toEqual(new Set([235]));
  });
});
