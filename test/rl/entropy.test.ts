import { describe, expect, it } from "vitest";
import { entropyBonus, highEntropy, quantile } from "../../src/rl/entropy.ts";

describe("quantile", () => {
  it("interpolates between order statistics", () => {
    expect(quantile([4, 1, 3, 2], 0)).toBe(1);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([4, 1, 3, 2], 1)).toBe(4);
    expect(quantile([10, 0], 0.8)).toBeCloseTo(8, 12);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe("highEntropy", () => {
  it("marks the top share of masked-in tokens", () => {
    const entropies = [0.1, 9, 0.5, 0.9, 0.2, 0.3];
    expect([...highEntropy(entropies, [1, 0, 1, 1, 1, 1], 0.2)]).toEqual([0, 0, 0, 1, 0, 0]);
    expect([...highEntropy(entropies, [1, 0, 1, 1, 1, 1], 1)]).toEqual([1, 0, 1, 1, 1, 1]);
    expect([...highEntropy(entropies, [0, 0, 0, 0, 0, 0], 0.2)]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("entropyBonus", () => {
  it("rewards the mean entropy of masked-in tokens", () => {
    const { loss, gradient } = entropyBonus(Float32Array.of(1, 5, 2), [1, 0, 1], 0.1);
    expect(loss).toBeCloseTo(-0.15, 7);
    expect([...gradient]).toEqual([Math.fround(-0.05), 0, Math.fround(-0.05)]);
  });

  it("adds micro-batches up to the whole", () => {
    const part = entropyBonus(Float32Array.of(1, 2), [1, 1], 0.1, 4);
    expect(part.loss).toBeCloseTo(-0.075, 7);
    expect(entropyBonus(new Float32Array(2), [0, 0], 0.1).loss).toBe(0);
  });
});
