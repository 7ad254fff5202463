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
    ["1,000", "1000"],
    ["12,345,678.50", "12345678.5"],
    ["\u22123", "-3"],
    ["$30$", "30"],
    ["Paris.", "paris"],
    ["B", "b"],
    ["(B)", "B"],
    ["B.", "B"],
  ])("takes %j for %j", (one, other) => {
    expect(sameAnswer(one, other)).toBe(true);
    expect(sameAnswer(other, one)).toBe(true);
  });

  it.each([
    ["70", "71"],
    ["7 0", "70"],
    ["red", "blue"],
    ["0x46", "70"],
    ["7 e 1", "70"],
    ["", "0"],
    ["Infinity", "NaN"],
    ["1,00", "100"],
    ["1,0000", "10000"],
    ["3 5", "35"],
    ["x", "y"],
    ["(A)", "B"],
    ["A B", "B"],
    ["AB", "B"],
    ["1/2", "2"],
  ])("tells %j from %j", (one, other) => {
    expect(sameAnswer(one, other)).toBe(false);
  });
});

it("takes the letter of an option for the option with its text, not the reverse", () => {
  expect(sameAnswer("B. 12 cm", "B")).toBe(true);
  expect(sameAnswer("(c) the dog", "C")).toBe(true);
  expect(sameAnswer("A. 12 cm", "B")).toBe(false);
  expect(sameAnswer("a dog", "A")).toBe(false);
  expect(sameAnswer("B", "B. 12 cm")).toBe(false);
});

it("pays for the right answer in a well-formed block alone", () => {
  expect(answer("<think> x </think> <answer> 70 </answer>", "70")).toBe(1);
  expect(answer("<answer> 70.0 </answer>", "70")).toBe(1);
  expect(answer("<answer> 71 </answer>", "70")).toBe(0);
  expect(answer("70", "70")).toBe(0);
  expect(answer("<answer> 71 </answer> <answer> 70 </answer>", "70")).toBe(0);
  expect(answer("<answer> 70 or 71 </answer>", "70")).toBe(0);
});
