/** Resizing gives Pillow's grey levels exactly. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Raster } from "../../src/core/raster.ts";
import { stream } from "../../src/core/seed.ts";
import { pillowResize, type ResizeFilter } from "../../src/models/pillow-resize.ts";

interface GoldenResize {
  readonly filter: ResizeFilter;
  readonly width: number;
  readonly height: number;
  readonly pixels: string;
  readonly to_width: number;
  readonly to_height: number;
  readonly expected: string;
}

const path = new URL("../golden/pillow-resize.json", import.meta.url);
const { resizes }: { readonly resizes: ReadonlyArray<GoldenResize> } = JSON.parse(
  readFileSync(path, "utf8"),
);
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const FILTERS: ReadonlyArray<ResizeFilter> = ["bilinear", "bicubic", "lanczos"];

function noise(width: number, height: number): Raster {
  const random = stream(1, "noise", width, height);
  return { width, height, data: new Uint8Array(width * height * 3).map(() => random.integer(256)) };
}

describe("golden", () => {
  it("covers every filter", () => {
    const seen = new Set(resizes.map((item) => item.filter));
    expect([...seen].sort()).toEqual([...FILTERS].sort());
  });

  it.each(resizes)("$filter $width×$height to $to_width×$to_height", (item) => {
    const image = { width: item.width, height: item.height, data: bytes(item.pixels) };
    const result = pillowResize(image, item.to_width, item.to_height, item.filter);
    expect(result).toEqual({
      width: item.to_width,
      height: item.to_height,
      data: bytes(item.expected),
    });
  });
});

describe.each(FILTERS)("%s", (filter) => {
  it("keeps an image of the right size", () => {
    const image = noise(9, 7);
    expect(pillowResize(image, 9, 7, filter)).toEqual(image);
  });

  it("keeps one colour, at any size", () => {
    const data = new Uint8Array(8 * 6 * 3).map((_, i) => [10, 200, 255][i % 3]!);
    const { data: result } = pillowResize({ width: 8, height: 6, data }, 21, 3, filter);
    expect(result).toEqual(new Uint8Array(21 * 3 * 3).map((_, i) => [10, 200, 255][i % 3]!));
  });

  it("commutes with mirroring", () => {
    const mirror = ({ width, height, data }: Raster): Raster => {
      const at = (i: number) => {
        const [pixel, channel] = [Math.floor(i / 3), i % 3];
        const x = pixel % width;
        return data[(pixel - x + (width - 1 - x)) * 3 + channel]!;
      };
      return { width, height, data: data.map((_, i) => at(i)) };
    };
    const image = noise(13, 11);
    const there = pillowResize(mirror(image), 8, 16, filter);
    expect(there).toEqual(mirror(pillowResize(image, 8, 16, filter)));
  });
});
