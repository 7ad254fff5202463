import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { contractions } from "../../src/evals/contractions.ts";
import { vqaForm, vqaScore } from "../../src/evals/vqa-answer.ts";

describe("vqaForm", () => {
  it.each([
    ["Yes", "yes"],
    ["  yes \n", "yes"],
    ["The dog.", "dog"],
    ["a red, round ball", "red round ball"],
    ["an apple", "apple"],
    ["two", "2"],
    ["Ten dogs", "10 dogs"],
    ["none", "0"],
    ["1,000", "1000"],
    ["1,000/day", "1000day"],
    ["black/white", "black white"],
    ["black / white", "black  white".replace("  ", " ")],
    ["t-shirt", "t shirt"],
    ["3.5", "3.5"],
    ["3.", "3"],
    ["U.S.A.", "usa"],
    ["what?", "what"],
    ["isnt", "isn't"],
    ["dont know", "don't know"],
    ["couldnt've", "couldn't've"],
    ["couldn'tve", "couldn't've"],
    ["o'clock", "o'clock"],
    ["5 oclock", "5 o'clock"],
    ["tab\there", "tab here"],
    ["(left)", "left"],
    ["the a an", ""],
    ["eleven", "eleven"],
  ])("%j becomes %j", (text, form) => {
    expect(vqaForm(text)).toBe(form);
  });

  it("has the contractions of the program, and no other spelling of whole ones", () => {
    expect(contractions.size).toBe(114);
    expect(contractions.get("twas")).toBe("'twas");
    for (const [bare, word] of contractions) {
      if (bare !== "somebody'd") expect(word.length).toBe(bare.length + 1);
    }
  });
});

describe("vqaScore", () => {
  const people = (same: number) =>
    Array.from({ length: 10 }, (_, at) => (at < same ? "red" : `other ${at}`));

  it("is the mean over all who are left when one is left out", () => {
    const scores = [0, 0.3, 0.6, 0.9, 1, 1].map((score) => expect.closeTo(score, 12));
    expect([0, 1, 2, 3, 4, 10].map((same) => vqaScore("red", people(same)))).toEqual(scores);
  });

  it("grows with agreement, stays within bounds, and does not depend on order", () => {
    const random = stream(1, "vqa");
    for (let round = 0; round < 200; round++) {
      const size = 1 + random.integer(12);
      let last = -1;
      for (let same = 0; same <= size; same++) {
        const list = Array.from({ length: size }, (_, at) => (at < same ? "The red!" : "blue"));
        const score = vqaScore("red", random.shuffle(list));
        expect(score).toBeGreaterThanOrEqual(last);
        expect(score).toBeLessThanOrEqual(1);
        last = score;
      }
    }
  });

  it("of one person is agreement", () => {
    expect([vqaScore("red", ["Red."]), vqaScore("red", ["blue"]), vqaScore("red", [])]).toEqual([
      1, 0, 0,
    ]);
  });
});
