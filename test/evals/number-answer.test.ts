import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { numberSaid, numbersSaid, rounded, sameNumber } from "../../src/evals/number-answer.ts";

describe("numberSaid", () => {
  it.each<[string, number | undefined]>([
    ["14", 14],
    ["14.", 14],
    ["-3", -3],
    ["−3", -3],
    ["1,000", 1000],
    ["1,234,567.5", 1234567.5],
    [".5", 0.5],
    ["1e3", 1000],
    ["3/4", 0.75],
    ["\\frac{3}{4}", 0.75],
    ["$\\dfrac{1}{2}$", 0.5],
    ["The answer is 14.", 14],
    ["The answer is: 14 cm", 14],
    ["Answer: $1.45", 1.45],
    ["**Answer:** 12", 12],
    ["The number missing in the sequence is 14.", 14],
    ["2 + 3 = 5", 5],
    ["The answer is 2 + 3 = 5.", 5],
    ["x = 7, so we are done", 7],
    ["The area is 3 * 4 = 12 and the answer is 12.", 12],
    ["First 3, then 8", 8],
    ["six", 6],
    ["There are twelve of them", 12],
    ["<think>1 2 3</think><answer>9</answer>", 9],
    ["so \\boxed{144}", 144],
    ["about 60%", 60],
    ["5 ≈ 4.99", 4.99],
    ["from 2007-2008", 2008],
    ["12 cm^2", 12],
    ["12 cm²", 12],
    ["an area of 12\\,\\text{m}^{2}", 12],
    ["The answer for question 3 is 7.", 7],
    ["The answer is 5, which is bigger than 3.", 5],
    ["With 2 cats and 3 dogs the answer is five.", 5],
    ["So the final answer would be 2.5 m", 2.5],
    ["answer = 7", 7],
    ["1.5e-3", 0.0015],
    ["1/0", undefined],
    ["no idea", undefined],
    ["", undefined],
  ])("%j says %s", (text, number) => {
    expect(numberSaid(text)).toBe(number);
  });

  it("finds any number it is told, however it is written", () => {
    const random = stream(1, "numbers");
    for (let round = 0; round < 500; round++) {
      const value = rounded((random.uniform() - 0.5) * 10 ** random.integer(7), random.integer(4));
      const grouped = value.toLocaleString("en", { maximumFractionDigits: 10 });
      for (const text of [`${value}`, grouped, `The answer is ${value}.`, `x = ${grouped} cm`]) {
        expect(numberSaid(text)).toBeCloseTo(value, 10);
      }
    }
  });
});

it("takes long texts in time", () => {
  const started = performance.now();
  for (const piece of [
    "answer is ",
    "1,000",
    "(",
    "[1, ",
    "x^{2}",
    "answer ",
    "1/",
    "-",
    "\\frac{1}",
  ]) {
    numberSaid(piece.repeat(5000));
    numbersSaid(piece.repeat(5000));
  }
  expect(performance.now() - started).toBeLessThan(3000);
});

describe("numbersSaid", () => {
  it.each<[string, ReadonlyArray<number> | undefined]>([
    ["[1, 2, 3]", [1, 2, 3]],
    ["[1.5, -2]", [1.5, -2]],
    ["The list is [2007, 2008].", [2007, 2008]],
    ["[0] at first, then [1, 2]", [1, 2]],
    ["between 2007 and 2008.", [2007, 2008]],
    ["There are 3. The years are 2007 and 2008.", [2007, 2008]],
    ["2007-2008", [2007, 2008]],
    ["(1, 2)", [1, 2]],
    ["none", undefined],
  ])("%j says %s", (text, numbers) => {
    expect(numbersSaid(text)).toEqual(numbers);
  });
});

it("numbers are the same up to their last bits", () => {
  expect(sameNumber(0.1 + 0.2, 0.3)).toBe(true);
  expect(sameNumber(1.2, 1.21)).toBe(false);
  expect(rounded(1.26, 1)).toBe(1.3);
});
