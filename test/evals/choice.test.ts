/** Choices as models word them, a hundred ways, and the laws of finding them. */
import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { chosenLetter, lettered } from "../../src/evals/choice.ts";

const options = lettered(["a red circle", "a blue square", "a dark red circle", "none of these"]);

/** Wordings by what they choose; "-" stands for nothing. */
const wordings: Readonly<Record<string, ReadonlyArray<string>>> = {
  A: [
    ...["A", "a", "(A)", "A.", "**A**", "[A]", '"A"', " A \n", "A)", "$A$", "A:", "（A）"],
    "A because it is round",
    "The answer is A because it is round.",
    "The answer is (A).",
    "A. a red circle",
    "A red circle",
    "a red circle.",
    "I see a red circle",
    "Option A is correct.",
    "Not B but (A)",
  ],
  B: [
    ...["B", "b", "b.", "(b)", "{B}", "B,", "'B'", "B!", "<answer> B </answer>"],
    "B. a blue square",
    "B: a blue square",
    "(B) a blue square",
    "(b) a blue square",
    "b) a blue square",
    "B - a blue square",
    "B\nThe shape has four sides.",
    "B, because it has four sides",
    "Answer: B",
    "ANSWER: B",
    "answer: b",
    "**Answer:** B",
    "The answer is B.",
    "The answer is: B",
    "The answer is **B**.",
    "The correct answer is (B) a blue square.",
    "The correct answer is option B.",
    "The correct option is B",
    "The best answer would be B.",
    "the answer is b",
    "So the answer should be B, not A.",
    "My final answer: (B)",
    "The answer to this question is B.",
    "The correct answer for the image shown is (B).",
    "Based on the picture, the most suitable option is B.",
    "The right choice here would be B",
    "Answer: The correct answer is B",
    "B (a blue square)",
    "I believe B",
    "Choose B",
    "Definitely B!",
    "A man is there, so B",
    "Option (b)",
    "It is a square, not a circle, so the answer must be B rather than A.",
    "Option B",
    "I choose B.",
    "I would go with option B.",
    "I'd pick (B).",
    "I select B",
    "B is correct.",
    "B is the correct answer.",
    "(B) is the right choice",
    "It's B.",
    "It is option B",
    "A shows a circle and C too. The answer is B.",
    "At first A seems right. The answer is A? No: the answer is B.",
    "The answer is not A; the correct answer is B",
    "Option A is wrong. Option B",
    "a blue square",
    "Blue square!",
    "It is the blue square in the middle.",
    "<think> A is round, so B </think><answer>B</answer>",
    "<think> A, B, C </think> B",
    "We get \\boxed{B}",
    "We get \\boxed{\\text{B}}.",
    "Therefore, B",
    "答案是B",
    "答案：B",
    "正确选项为 B。",
    "选B",
  ],
  C: [
    "c",
    "It is a dark red circle.",
    "dark red circle",
    "The answer is C) a dark red circle",
    "Among the options, C",
    "Vitamin C",
  ],
  D: ["D", "none of these", "None of these.", "The answer is 'D'", "Choice D"],
  "-": [
    ...["", "   ", "?", "E", "Z.", "A or B", "A, B and C", "A, B", "both A and B", "I do not know"],
    "A cat",
    "The answer is a cat.",
    "The answer is A cat.",
    "A. a red circle\nB. a blue square\nC. a dark red circle\nD. none of these",
    "It may be option A or option B.",
    "The blue square (B) is beside the red circle (A).",
    "a red circle or a blue square",
    "Sorry, I cannot help with that.",
    "ABCD",
    "The answer is not B",
    "<think> The answer is B",
  ],
};

describe("chosenLetter", () => {
  const table = Object.entries(wordings).flatMap(([letter, texts]) =>
    texts.map((text) => [text, letter] as const),
  );

  it.each(table)("%j chooses %s", (text, letter) => {
    expect(chosenLetter(text, options) ?? "-").toBe(letter);
  });

  it("has a table of its own size", () => {
    expect(table.length).toBeGreaterThan(90);
  });

  it("knows no letter beyond the options", () => {
    expect(chosenLetter("C", lettered(["yes", "no"]))).toBeUndefined();
    expect(chosenLetter("A", [])).toBeUndefined();
  });

  it("finds any letter in any frame, whatever else the frame says", () => {
    const random = stream(1, "choice");
    const frames = [
      "X",
      "(X)",
      "X.",
      "The answer is X.",
      "Answer: X",
      "I choose X.",
      "X is correct.",
    ];
    for (let round = 0; round < 300; round++) {
      const count = 2 + random.integer(8);
      const texts = Array.from({ length: count }, (_, at) => `thing ${at + 1}`);
      const wanted = String.fromCharCode(65 + random.integer(count));
      for (const frame of frames) {
        expect(chosenLetter(frame.replace("X", wanted), lettered(texts))).toBe(wanted);
      }
      const text = texts[wanted.charCodeAt(0) - 65]!;
      expect(chosenLetter(text, lettered(texts))).toBe(wanted);
    }
  });

  it("takes any text without failing, in time", () => {
    const random = stream(2, "choice");
    const signs = [
      ..."AaBb ()*.,:\n'\"[]{}<>$\\答案是I",
      "answer is ",
      "option ",
      "not ",
      "</think>",
    ];
    for (let round = 0; round < 3000; round++) {
      const text = Array.from(
        { length: random.integer(40) },
        () => signs[random.integer(signs.length)],
      );
      expect(["A", "B", "C", "D", undefined]).toContain(chosenLetter(text.join(""), options));
    }
    const started = performance.now();
    for (const piece of ["answer is ", "(", "A ", "option A ", "\\text{", "it is ", "- "]) {
      chosenLetter(piece.repeat(4000), options);
    }
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
