import { describe, expect, it } from "vitest";
import { yesOrNo } from "../../src/evals/yes-no.ts";

const wordings: Readonly<Record<string, ReadonlyArray<string>>> = {
  yes: [
    ...["yes", "Yes", "YES.", "Yes, there is a dog.", " yes\n", "**Yes**", "Answer: yes"],
    "The answer is yes.",
    "Yes, there is no doubt about it.",
    "There is a dog in the image.",
    "There is a dog. It is not large.",
    "<think>no dog? there</think><answer>Yes</answer>",
    "A notable dog stands there.",
  ],
  no: [
    ...["no", "No", "NO!", "No, there is a cat.", "(no)", "the answer is no"],
    "There is no dog in the image.",
    "There isn't a dog.",
    "There isn’t a dog.",
    "I do not see a dog.",
    "It's not there.",
    "None.",
    "I cannot see one.",
    "The image shows a cat, not a dog.",
    "<think>yes?</think> No.",
  ],
  "-": ["", "  ", "42", "...", "?!", "<think> is there a dog? yes"],
};

describe("yesOrNo", () => {
  const table = Object.entries(wordings).flatMap(([said, texts]) =>
    texts.map((text) => [text, said] as const),
  );

  it.each(table)("%j says %s", (text, said) => {
    expect(yesOrNo(text) ?? "-").toBe(said);
  });
});
