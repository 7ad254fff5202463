import { describe, expect, it } from "vitest";
import { readFields } from "../../src/evals/fields.ts";
import { mathvistaItem } from "../../src/evals/mathvista.ts";

const free = { question_type: "free_form", choices: null, precision: null, unit: null };
const choice = {
  question_type: "multi_choice",
  answer_type: "text",
  choices: ["3/11", "8/11", "Yes"],
};

function read(row: object) {
  const base = { pid: "1", question: "How many?", decoded_image: { bytes: new Uint8Array(9) } };
  return readFields({ ...base, ...row }, mathvistaItem);
}

function itemOf(row: object) {
  const item = read(row);
  if ("problems" in item) throw new Error(JSON.stringify(item.problems));
  return item.found;
}

describe("mathvistaItem", () => {
  it.each<[object, string, string | null, number]>([
    [{ answer_type: "integer", answer: "7" }, "The answer is 7.", "7", 1],
    [{ answer_type: "integer", answer: "7" }, "7.9", "7", 1],
    [{ answer_type: "integer", answer: "-7" }, "It is −7", "-7", 1],
    [{ answer_type: "integer", answer: "7" }, "8", "8", 0],
    [{ answer_type: "integer", answer: "7" }, "no idea", null, 0],
    [{ answer_type: "float", answer: "1.2", precision: 1 }, "1.23 m", "1.2", 1],
    [{ answer_type: "float", answer: "1.20", precision: 2 }, "1.2", "1.2", 1],
    [{ answer_type: "float", answer: "1.23", precision: 2 }, "1.24", "1.24", 0],
    [{ answer_type: "float", answer: "0.6", precision: null }, "3/5", "0.6", 1],
    [{ answer_type: "list", answer: "[2007, 2008]" }, "between 2007 and 2008", "[2007, 2008]", 1],
    [{ answer_type: "list", answer: "[1, 2]" }, "[1, 2, 3]", "[1, 2, 3]", 0],
    [{ answer_type: "list", answer: "[1, 2]" }, "none", null, 0],
    [{ answer_type: "text", answer: "The Moon" }, "the moon.", "moon", 1],
    [{ ...choice, answer: "8/11" }, "The correct answer is (B) 8/11.", "8/11", 1],
    [{ ...choice, answer: "8/11" }, "8/11", "8/11", 1],
    [{ ...choice, answer: "Yes" }, "Yess", "Yes", 1],
    [{ ...choice, answer: "3/11" }, "B", "8/11", 0],
    [{ ...choice, answer: "3/11" }, "", null, 0],
    [{ ...choice, answer: "3/11" }, "I looked at all of it for long and found nothing.", null, 0],
  ])("%j, answered %j, is %j: %d", (row, response, answer, score) => {
    expect(itemOf({ ...free, ...row }).judge(response)).toEqual({ answer, score });
  });

  it("asks with the row's query, or words one", () => {
    const row = { ...free, answer_type: "integer", answer: "7", unit: "cm" };
    expect(itemOf({ ...row, query: "Hint: x\nQuestion: y" }).prompt).toBe("Hint: x\nQuestion: y");
    expect(itemOf(row).prompt).toMatch(
      /^Hint: .*whole number.*\nQuestion: How many\? \(Unit: cm\)$/,
    );
    expect(itemOf({ ...free, ...choice, answer: "Yes" }).prompt).toMatch(
      /letter .*\nQuestion: How many\?\nChoices:\n\(A\) 3\/11\n\(B\) 8\/11\n\(C\) Yes$/,
    );
  });

  it.each<[object, string, RegExp]>([
    [{ answer_type: "integer", answer: "seven" }, "answer", /"seven", which is no integer/],
    [{ answer_type: "integer" }, "answer", /is missing/],
    [{ ...choice, answer: "A", choices: [] }, "choices", /is empty/],
    [{ ...choice, answer: "A", choices: "a, b" }, "choices", /is no list of texts/],
    [{ ...choice, answer: "A", choices: Array(27).fill("x") }, "choices", /more than 26 texts/],
    [{ ...choice, answer: "A", choices: ["x".repeat(2001)] }, "choices", /more than 2000 char/],
    [{ answer_type: "integer", answer: "7", decoded_image: 3 }, "decoded_image", /is no image/],
    [
      { answer_type: "integer", answer: "7", decoded_image: null },
      "decoded_image or image",
      /missing/,
    ],
    [{ answer_type: "integer", answer: {} }, "answer", /is neither a text nor a number/],
  ])("%j is wrong at %s", (row, field, message) => {
    const found = read({ ...free, ...row });
    expect(found).toMatchObject({
      problems: expect.arrayContaining([{ field, message: expect.stringMatching(message) }]),
    });
  });
});
