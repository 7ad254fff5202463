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
    const one = loadExamples(fewProblems);
    expect(loadExamples(fewProblems).domain).toBe(one.domain);
    const world = { ...fewProblems.general, validation: 8, test: 8 };
    const other = loadExamples({ ...fewProblems, general: world, seed: 2 });
    expect(other.domain.train).not.toEqual(one.domain.train);
    // Another description in between, so that this one is made anew.
    const again = loadExamples(fewProblems);
    expect(again.domain).not.toBe(one.domain);
    expect(again.domain).toEqual(one.domain);
    expect(again.general.test).toEqual(one.general.test);
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

describe("the worlds of problems", () => {
  it("are told apart by their names, with the same sizes", () => {
    const of = (world: string) =>
      loadExamples({ ...fewProblems, domain: { ...fewProblems.domain, world } as never });
    const [geometry, charts] = [of("geometry"), of("charts")];
    expect(geometry.domain).toEqual(loadExamples(fewProblems).domain);
    expect(charts.domain.train).toHaveLength(geometry.domain.train.length);
    expect(charts.worked).toHaveLength(geometry.worked.length);
    expect(charts.domain.train.map(({ family }) => family)).toContain("span");
    expect(() => of("graphs")).toThrow('there is no world "graphs"');
  });
});

describe("the test split", () => {
  it("is read by evaluation alone; the data stage and estimates tell its size", () => {
    const files = readdirSync(stages).filter((file) => file.endsWith(".ts"));
    const readers = files.filter((file) =>
      readsTest.test(readFileSync(join(stages, file), "utf8")),
    );
    expect(files.length).toBeGreaterThan(20);
    expect(readers.filter((file) => file !== "dataset.ts").sort()).toEqual([
      "data.ts",
      "evaluate.ts",
      // Numbers of examples alone; prompts are measured on other parts.
      "foreseen.ts",
      "foresight.ts",
      // Which files hold the split, for the data stage.
      "row-files.ts",
    ]);
    const foreseen = readFileSync(join(stages, "foreseen.ts"), "utf8");
    expect(foreseen.match(/sample\((\w+\.\w+)\)/g)).toEqual([
      "sample(domain.train)",
      "sample(general.validation)",
    ]);
    const told = readFileSync(join(stages, "data.ts"), "utf8").match(/\.test\b\S*/g);
    expect(new Set(told?.map((use) => use.replace(/\W+$/, "")))).toEqual(new Set([".test.length"]));
  });
});
