import { describe, expect, it } from "vitest";
import { editDistance } from "../../src/core/spelling.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["grpo", "grpo", 0],
    ["", "sft", 3],
    ["steps", "step", 1],
    ["warmpu", "warmup", 2],
    ["kitten", "sitting", 3],
  ])("of %j and %j is %i, either way", (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits);
    expect(editDistance(b, a)).toBe(edits);
  });
});
