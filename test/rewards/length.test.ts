import { describe, expect, it } from "vitest";
import { cosineScaled, softOverlong } from "../../src/rewards/length.ts";

const lengths = Array.from({ length: 151 }, (_, tokens) => tokens);

describe("softOverlong", () => {
  it("is 0 while there is room, -1 at the limit, and never rises", () => {
    const values = lengths.map((tokens) => softOverlong(tokens, 100, 20));
    expect(values.slice(0, 81)).toEqual(Array(81).fill(0));
    expect(values[90]).toBe(-0.5);
    expect(values.slice(100)).toEqual(Array(51).fill(-1));
    values.slice(1).forEach((value, at) => {
      expect(value).toBeLessThanOrEqual(values[at]!);
    });
  });

  it("is a cliff at the limit without a buffer", () => {
    expect([99, 100, 101].map((tokens) => softOverlong(tokens, 100, 0))).toEqual([0, 0, -1]);
  });
});

describe("cosineScaled", () => {
  it("goes from 1 to 0.5 when right and from -1 to -0.5 when wrong", () => {
    expect([0, 50, 100, 150].map((tokens) => cosineScaled(1, tokens, 100))).toEqual([
      1, 0.75, 0.5, 0.5,
    ]);
    expect([0, 50, 100].map((tokens) => cosineScaled(0, tokens, 100))).toEqual([-1, -0.75, -0.5]);
  });

  it("prefers short right answers and long wrong ones, and any right one to any wrong one", () => {
    const [right, wrong] = [1, 0].map((kind) => lengths.map((n) => cosineScaled(kind, n, 100)));
    right!.slice(1).forEach((value, at) => {
      expect(value).toBeLessThanOrEqual(right![at]!);
      expect(wrong![at + 1]!).toBeGreaterThanOrEqual(wrong![at]!);
    });
    expect(Math.min(...right!)).toBeGreaterThan(Math.max(...wrong!));
  });
});
