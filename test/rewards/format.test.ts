import { describe, expect, it } from "vitest";
import { extractAnswer, format } from "../../src/rewards/format.ts";

describe("extractAnswer", () => {
  it.each([
    ["<answer> 70 </answer>", "70"],
    ["<answer>70</answer>\n", "70"],
    ["so it is <answer> a  red\ncircle </answer>", "a red circle"],
    ["<think> half ; 3 * 4 = 12 </think> <answer> 6 </answer>", "6"],
    ["</think> <answer> 6 </answer>", "6"],
  ])("reads %j as %j", (text, expected) => {
    expect(extractAnswer(text)).toBe(expected);
  });

  it.each([
    "",
    "70",
    "<answer> </answer>",
    "<answer> 70",
    "70 </answer>",
    "</answer> 70 <answer>",
    "<answer> 70 </answer> 70",
    "<answer> 1 </answer> <answer> 2 </answer>",
    "<answer> <answer> 70 </answer>",
    "<answer> 70 </answer> </answer>",
    "<answer> <think> 70 </answer>",
    "<answer</answer>",
  ])("finds no answer in %j", (text) => {
    expect(extractAnswer(text)).toBeUndefined();
  });
});

describe("format", () => {
  it.each([
    "<think> radius ; 4 * 2 = 8 </think> <answer> 8 </answer>",
    "  <think>a</think>\n<answer>b</answer>  ",
  ])("is 1 for %j", (text) => {
    expect(format(text)).toBe(1);
  });

  it.each([
    "<answer> 8 </answer>",
    "<think> </think> <answer> 8 </answer>",
    "<think> a </think> <answer> </answer>",
    "first <think> a </think> <answer> 8 </answer>",
    "<think> a </think> then <answer> 8 </answer>",
    "<think> a </think> <answer> 8 </answer> end",
    "<think> a </think> <think> b </think> <answer> 8 </answer>",
    "<think> a <answer> 8 </answer> </think>",
    "</think> a <think> <answer> 8 </answer>",
    "<answer> 8 </answer> <think> a </think>",
  ])("is 0 for %j", (text) => {
    expect(format(text)).toBe(0);
  });
});
