/** Rows that nobody vouches for: whatever is damaged, a question or problems come back, and judges judge any response. */
import { expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { mmbenchItem, mmstarItem } from "../../src/evals/choice-suites.ts";
import { readFields } from "../../src/evals/fields.ts";
import { mathvistaItem } from "../../src/evals/mathvista.ts";
import { popeItem } from "../../src/evals/pope.ts";
import { vqaItem } from "../../src/evals/vqa.ts";
import { damaged, damagedText, oddValues } from "../support/damage.ts";

const image = { bytes: null, path: "1.png" };
const question = {
  question_id: 1,
  index: 1,
  pid: "1",
  question: "Which one?\nOptions: A: x, B: y",
  image,
};
const rows = {
  mmbench: [mmbenchItem, { ...question, A: "x", B: "y", hint: "h", answer: "A", category: "c" }],
  mmstar: [mmstarItem, { ...question, answer: "B", l2_category: "c" }],
  mathvista: [
    mathvistaItem,
    {
      ...{ ...question, choices: ["x", "y"], answer: "x", question_type: "multi_choice" },
      ...{ answer_type: "text", precision: 1, unit: "cm", query: null },
    },
  ],
  pope: [popeItem, { ...question, answer: "yes", category: "random" }],
  vqa: [
    vqaItem,
    { ...question, answers: [{ answer: "x" }, { answer: "y" }], answer_type: "other" },
  ],
} as const;

it.each(Object.keys(rows) as Array<keyof typeof rows>)("%s", (kind) => {
  const [read, row] = rows[kind];
  const random = stream(1, "fields", kind);
  const pieces = ["<image>", "(", "\\frac{", "[", "]", "A", "1e999", "\0", "\ud800", "Options: "];
  let sound = 0;
  for (let round = 0; round < 3000; round++) {
    const value = damaged(row, random, { pieces, values: oddValues });
    const found = readFields(value, read);
    if ("problems" in found) {
      expect(found.problems.length).toBeGreaterThan(0);
      continue;
    }
    sound++;
    const response = damagedText("The answer is (A) x, 1.5 or [1, 2].", random, pieces);
    const { score } = found.found.judge(response);
    expect(score >= 0 && score <= 1).toBe(true);
    expect(found.found.prompt).not.toBe("");
  }
  expect(sound).toBeGreaterThan(300);
});
