import { describe, expect, it } from "vitest";
import { optionsIn } from "../../src/evals/choice-suites.ts";

describe("optionsIn", () => {
  const texts = (question: string) => optionsIn(question).map(({ text }) => text);

  it.each<[string, ReadonlyArray<string>]>([
    ["Which?\nOptions: A: Yellow, B: Black, C: Green, D: Red", ["Yellow", "Black", "Green", "Red"]],
    ["Which?\nOptions: A: on the book., B: below, a bit", ["on the book.", "below, a bit"]],
    ["Which?\nOptions:\nA. one\nB. two\nC. three", ["one", "two", "three"]],
    ["Which? Options: (A) one (B) two", ["one", "two"]],
    ["Options: A: Option B, B: C: 5", ["Option B", "C: 5"]],
    ["Options: B: one, A: two", ["", "", "", ""]],
    ["Which of these is it?", ["", "", "", ""]],
  ])("of %j", (question, options) => {
    expect(texts(question)).toEqual(options);
  });
});
