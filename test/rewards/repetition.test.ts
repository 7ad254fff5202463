import { expect, it } from "vitest";
import { repetitionPenalty } from "../../src/rewards/repetition.ts";

it("is 0 for what says nothing twice and for what is too short", () => {
  expect(repetitionPenalty([1, 2, 3, 4, 5, 6])).toBe(0);
  expect(repetitionPenalty([])).toBe(0);
  expect(repetitionPenalty([1, 1])).toBe(0);
});

it("comes near -1 for one token again and again, and tells 1 1 from 11", () => {
  expect(repetitionPenalty(Array(100).fill(7))).toBeCloseTo(-(1 - 1 / 98), 12);
  expect(repetitionPenalty([1, 11, 11, 1], 2)).toBe(0);
});

it("stays within [-1, 0] and grows with every further repetition", () => {
  let previous = 0;
  for (let times = 1; times < 12; times++) {
    const penalty = repetitionPenalty(Array.from({ length: times }, () => [1, 2, 3, 4]).flat());
    expect(penalty).toBeLessThanOrEqual(previous);
    expect(penalty).toBeGreaterThan(-1);
    previous = penalty;
  }
  expect(previous).toBeLessThan(-0.8);
});
