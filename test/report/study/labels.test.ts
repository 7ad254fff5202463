import { describe, expect, it } from "vitest";
import { placeLabels, spreadHeights } from "../../../src/report/study/labels.ts";

describe("labels of points", () => {
  it("stand to the right where nothing is in the way", () => {
    const far = [
      { x: 50, y: 50 },
      { x: 200, y: 100 },
    ];
    expect(placeLabels(far)).toEqual([
      { x: 15, y: 0 },
      { x: 15, y: 0 },
    ]);
  });

  it("cover neither points nor each other in a crowd", () => {
    const crowd = Array.from({ length: 8 }, (_, at) => ({ x: 100 + 4 * at, y: 80 + 3 * (at % 3) }));
    const labels = placeLabels(crowd).map((way, at) => ({
      x: crowd[at]!.x + way.x,
      y: crowd[at]!.y + way.y,
    }));
    for (const [at, label] of labels.entries()) {
      const others = [...crowd, ...labels.filter((_, other) => other !== at)];
      const apart = others.every(
        ({ x, y }) => Math.abs(x - label.x) >= 15 || Math.abs(y - label.y) >= 13,
      );
      expect(apart, `label ${at}`).toBe(true);
    }
  });
});

describe("heights", () => {
  it("stay where they are with room between them", () => {
    expect(spreadHeights([10, 50, 90])).toEqual([10, 50, 90]);
  });

  it("are pushed apart in their order, around their middle", () => {
    const placed = spreadHeights([40, 42, 41, 100]);
    const [a, c, b] = placed as [number, number, number];
    expect(b - a).toBeGreaterThanOrEqual(12.9);
    expect(c - b).toBeGreaterThanOrEqual(12.9);
    expect((a + b + c) / 3).toBeCloseTo(41, 6);
    expect(placed[3]).toBe(100);
  });
});
