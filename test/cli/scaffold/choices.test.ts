import { expect, it } from "vitest";
import { choose } from "../../../src/cli/scaffold/choices.ts";
import type { Survey } from "../../../src/cli/scaffold/survey.ts";

const place = { name: "own", path: "own.ts", model: "tiny-vlm" };
const found: Survey = {
  ...{ kind: "jsonl", splits: {} },
  ...{ file: "train.jsonl", shape: "trl", reference: "solution", rows: 100, worked: 40 },
  ...{ calculated: 30, answers: { number: 100, option: 0, text: 0 }, ownQuestions: true },
  ...{ longestReference: 40, longestAnswer: 2, examples: [], problems: [], broken: 0 },
};

it("holds out the usual shares of few rows, and no more than are of use of many", () => {
  expect(choose(place, found, undefined).own).toMatchObject({ test: 0.2, validation: 0.1 });
  const many = { ...found, rows: 100_000 };
  expect(choose(place, many, undefined).own).toMatchObject({ test: 0.005, validation: 0.002 });
  expect(choose(place, found, "test.jsonl").own).toMatchObject({ test: "test.jsonl" });
});

it("leaves room above the longest solution; without any, room to think", () => {
  expect(choose(place, found, undefined).maxTokens).toBe(56);
  const open = { ...found, worked: 0, longestReference: 0 };
  expect(choose(place, open, undefined)).toMatchObject({ maxTokens: 24, phases: false });
  expect(choose({ ...place, model: "vlm" }, open, undefined).maxTokens).toBe(264);
});

it("pays for calculations where most solutions are calculations", () => {
  expect(choose(place, found, undefined).calculations).toBe(true);
  expect(choose(place, { ...found, calculated: 10 }, undefined).calculations).toBe(false);
  expect(choose(place, { ...found, worked: 0, calculated: 0 }, undefined).calculations).toBe(false);
});
