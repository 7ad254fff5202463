import { describe, expect, it } from "vitest";
import { smooth, thin } from "../../src/report/thin.ts";

const wave = Array.from({ length: 5000 }, (_, step) => ({
  step,
  value: step === 3333 ? 100 : Math.sin(step / 40),
}));
const values = (points: ReadonlyArray<{ readonly value: number }>) =>
  points.map((one) => one.value);

describe("thin", () => {
  it("keeps the order and the greatest and least value within the limit", () => {
    const few = thin(wave, 400);
    expect(few.length).toBeLessThanOrEqual(400);
    expect(few.length).toBeGreaterThan(200);
    expect(few.map(({ step }) => step)).toEqual(
      few.map(({ step }) => step).toSorted((a, b) => a - b),
    );
    expect(Math.max(...values(few))).toBe(100);
    expect(Math.min(...values(few))).toBe(Math.min(...values(wave)));
  });

  it("leaves few points alone", () => {
    expect(thin(wave.slice(0, 400), 400)).toEqual(wave.slice(0, 400));
  });
});

describe("smooth", () => {
  it("is the mean over neighbours, fewer at the ends", () => {
    const points = [2, 4, 9, 1].map((value, at) => ({ step: at, value }));
    expect(smooth(points, 3)).toEqual([
      { step: 0, value: 3 },
      { step: 1, value: 5 },
      { step: 2, value: 14 / 3 },
      { step: 3, value: 5 },
    ]);
  });

  it("keeps constants and steps", () => {
    const flat = wave.map(({ step }) => ({ step, value: 3 }));
    expect(smooth(flat, 25)).toEqual(flat);
  });
});
