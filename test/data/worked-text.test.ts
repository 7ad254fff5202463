import { expect, it } from "vitest";
import {
  plainAnswer,
  readWorked,
  statedAnswer,
  stepEnds,
  thoughtsOf,
  workedText,
} from "../../src/data/worked-text.ts";

it("reads the two blocks and nothing but them", () => {
  const parts = { thoughts: "2 + 2 = 4", answer: "4" };
  expect(readWorked("<think>2 + 2 = 4</think>\n<answer> 4 </answer>\n")).toEqual(parts);
  expect(readWorked(workedText(parts))).toEqual(parts);
  for (const text of [
    "so <think>a</think><answer>4</answer>",
    "<think>a</think><answer>4</answer> indeed",
    "<think></think><answer>4</answer>",
    "<think>a</think><answer> </answer>",
    "<think>a</think><think>b</think><answer>4</answer>",
    "<answer>4</answer>",
  ])
    expect(readWorked(text), text).toBeUndefined();
});

it.each([
  ["<think>a</think> <answer> 4 </answer>", "4"],
  ["<answer>\\boxed{4}</answer>", "4"],
  ["so $x = \\boxed{\\frac{1}{2}}$.", "\\frac{1}{2}"],
  ["first \\boxed{1}, then \\boxed{2}", "2"],
])("finds the answer stated in %j", (text, answer) => {
  expect(statedAnswer(text)).toBe(answer);
});

it.each(["4", "\\boxed{4", "<answer>4</answer> or so", "<answer></answer>", "\\boxed{}"])(
  "finds none in %j",
  (text) => {
    expect(statedAnswer(text)).toBeUndefined();
  },
);

it("takes a text for the answer when it states none", () => {
  expect(plainAnswer("  a  red\ncircle ")).toBe("a red circle");
});

it("takes the thoughts with tags or without", () => {
  expect(thoughtsOf("<think> a b </think><answer>4</answer>")).toBe("a b");
  expect(thoughtsOf("a b <answer>4</answer>")).toBe("a b");
  expect(thoughtsOf("a b")).toBe("a b");
  expect(thoughtsOf("<answer>4</answer>")).toBeUndefined();
});

it.each([
  [
    "<think> radius ; 4 * 2 = 8 ; half </think> <answer> 8 </answer>",
    ["<think> radius ;", "4 * 2 = 8 ;", "half"],
  ],
  [
    "<think>First 3.5 cm. Then twice!\n\nSo 7</think>",
    ["<think>First 3.5 cm.", "Then twice!", "So 7"],
  ],
  ["a ;; b", ["a ;", "; b"]],
  ["<think> </think> <answer> 8 </answer>", []],
  ["", []],
])("finds the steps of %j, none of them in the answer", (text, steps) => {
  const ends = stepEnds(text);
  expect(ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end).trim())).toEqual(steps);
});
