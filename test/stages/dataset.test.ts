import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadExamples } from "../../src/stages/dataset.ts";
import { fewProblems } from "../support/learner.ts";

const stages = join(import.meta.dirname, "../../src/stages");
const readsTest =
  /\.test\b|\[\s*["']test["']\s*\]|[{,]\s*test\s*[,:}][^;]*=\s*[^;]*(domain|general)/;

describe("loadExamples", () => {
  it("gives the same examples for the same description", () => {
    const [one, other] = [loadExamples(fewProblems), loadExamples(fewProblems)];
    expect(one.domain).toEqual(other.domain);
    expect(one.general.test).toEqual(other.general.test);
    expect(loadExamples({ ...fewProblems, seed: 2 }).domain.train).not.toEqual(one.domain.train);
  });

  it("counts as worked what carries a reference, and keeps held-out problems apart", () => {
    const { domain, worked, general } = loadExamples(fewProblems);
    expect(worked).toHaveLength(8);
    expect(domain.train).toHaveLength(16);
    expect(worked.every(({ reference }) => reference !== undefined)).toBe(true);
    const parts = [domain.train, domain.validation, domain.test, general.validation, general.test];
    const ids = parts.flatMap((part) => part.map(({ id }) => id));
    expect(new Set(ids).size).toBe(16 + 7 + 7 + 7 + 7);
  });
});

describe("the test split", () => {
  it("is read by evaluation alone; the data stage tells its size", () => {
    const files = readdirSync(stages).filter((file) => file.endsWith(".ts"));
    const readers = files.filter((file) =>
      readsTest.test(readFileSync(join(stages, file), "utf8")),
    );
    expect(files.length).toBeGreaterThan(20);
    expect(readers.filter((file) => file !== "dataset.ts").sort()).toEqual([
      "data.ts",
      "evaluate.ts",
    ]);
    const told = readFileSync(join(stages, "data.ts"), "utf8").match(/\.test\b\S*/g);
    expect(new Set(told?.map((use) => use.replace(/\W+$/, "")))).toEqual(new Set([".test.length"]));
  });
});
