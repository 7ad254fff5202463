/** Learned positions as the reference finds them, its float32 rounding included. */
import { expect, it } from "vitest";
import { positionIds } from "../../../../src/models/families/idefics3/vision.ts";

const row = (count: number, learnedPositions: number) =>
  positionIds([1, 1, count], { learnedPositions, mergeSize: 1 });

it("is the patch's own where a tile has as many patches as positions", () => {
  expect(row(8, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(positionIds([1, 2, 2], { learnedPositions: 2, mergeSize: 1 })).toEqual([0, 1, 2, 3]);
});

it("spreads fewer patches over all positions, and lets more share them", () => {
  expect(row(4, 8)).toEqual([0, 2, 4, 6]);
  expect(row(6, 3)).toEqual([0, 0, 1, 1, 2, 2]);
});

it.each([
  // torch 2.15: bucketize(arange(n) / n, arange(1 / n, 1, 1 / n), right=True), where it is not 0..n−1.
  [19, { 12: 11 }],
  [25, { 5: 4, 9: 8, 10: 9, 11: 10, 12: 11, 13: 12, 15: 14, 18: 17, 20: 19, 23: 22 }],
  [29, { 3: 2, 6: 5, 24: 23 }],
  [38, { 12: 11 }],
  [40, { 19: 18 }],
] as const)("falls on the reference's side of a boundary with %d positions", (count, moved) => {
  const expected = Array.from({ length: count }, (_, index) => index);
  for (const [index, position] of Object.entries(moved)) expected[Number(index)] = position;
  expect(row(count, count)).toEqual(expected);
});

it("runs over merge blocks, tile after tile", () => {
  const ids = positionIds([2, 2, 4], { learnedPositions: 4, mergeSize: 2 });
  expect(ids).toEqual([0, 1, 8, 9, 2, 3, 10, 11, 0, 1, 8, 9, 2, 3, 10, 11]);
});
