import { describe, expect, it } from "vitest";
import { sampleOf, t95 } from "../../src/core/student.ts";

describe("the 97.5 % point of Student's t", () => {
  // Table 4 of Pearson & Hartley, Biometrika Tables for Statisticians.
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [10, 2.228],
    [29, 2.045],
    [120, 1.98],
  ])("is the table's with %d degrees of freedom", (degrees, value) => {
    expect(t95(degrees)).toBeCloseTo(value, 3);
  });
});

describe("a sample", () => {
  it("has mean, range and an interval of t · s / √n around the mean", () => {
    const { n, mean, least, greatest, low, high } = sampleOf([0.7, 0.8, 0.75, 0.85, 0.9]);
    expect([n, least, greatest]).toEqual([5, 0.7, 0.9]);
    expect(mean).toBeCloseTo(0.8, 12);
    const reach = (2.7764451 * Math.sqrt(0.00625)) / Math.sqrt(5);
    expect(low).toBeCloseTo(0.8 - reach, 6);
    expect(high).toBeCloseTo(0.8 + reach, 6);
  });

  it("of equal values has no width, of one value no interval", () => {
    expect(sampleOf([0.5, 0.5, 0.5])).toMatchObject({ mean: 0.5, low: 0.5, high: 0.5 });
    expect(sampleOf([0.5])).toMatchObject({ n: 1, mean: 0.5, low: null, high: null });
  });
});
