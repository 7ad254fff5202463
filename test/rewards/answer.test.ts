import { describe, expect, it } from "vitest";
import { answer, sameAnswer } from "../../src/rewards/answer.ts";

describe("sameAnswer", () => {
  it.each([
    ["70", "70"],
    ["70.0", "70"],
    ["+7", "07"],
    [".5", "0.50"],
    ["-3", " -3.0 "],
    [" a  red circle", "a red circle"],
  ])("takes %j for %j", (one, other) => {
    expect(sameAnswer(one, other)).toBe(true);
    expect(sameAnswer(other, one)).toBe(true);
  });

  it.each([
    ["70", "71"],
    ["7 0", "70"],
    ["red", "blue"],
    ["0x46", "70"],
    ["7e1", "70"],
    ["", "0"],
    ["Infinity", "NaN"],
  ])("tells %j from %j", (one, other) => {
    expect(sameAnswer(one, other)).toBe(false);
  });
});

it("pays for the right answer in a well-formed block alone", () => {
  expect(answer("<think> x </think> <answer> 70 </answer>", "70")).toBe(1);
  expect(answer("<answer> 70.0 </answer>", "70")).toBe(1);
  expect(answer("<answer> 71 </answer>", "70")).toBe(0);
  expect(answer("70", "70")).toBe(0);
  expect(answer("<answer> 71 </answer> <answer> 70 </answer>", "70")).toBe(0);
  expect(answer("<answer> 70 or 71 </answer>", "70")).toBe(0);
});
