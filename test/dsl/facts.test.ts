import * as words from "rcpa";
import { describe, expect, it } from "vitest";
import { anything, factsOf, orAbsent, renderFact } from "../../src/dsl/facts.ts";
import { data, grpo, sft, warmup } from "../../src/dsl/phases.ts";

describe("factsOf", () => {
  const facts = (unless: ReadonlyArray<object>, options: object) =>
    factsOf({ "dataset.reference": { unless }, "dataset.answer": "always" }, options);

  it("gives a fact unless the options match a pattern, however deep", () => {
    const unless = [{ source: { worked: 0 } }];
    expect(facts(unless, { source: { worked: 0 }, other: 1 })).toEqual(["dataset.answer"]);
    for (const source of [{ worked: 1 }, {}, null, "worked"])
      expect(facts(unless, { source })).toEqual(["dataset.reference", "dataset.answer"]);
  });

  it("takes any of several patterns, and all parts of each", () => {
    const unless = [{ a: 0, b: 0 }, { c: null }];
    expect(facts(unless, { a: 0, b: 1, c: "x" })).toHaveLength(2);
    expect(facts(unless, { a: 0, b: 0, c: "x" })).toHaveLength(1);
    expect(facts(unless, { a: 1, b: 1, c: null })).toHaveLength(1);
  });

  it("knows values that need only be there, and those that are defaults", () => {
    const unless = [{ file: anything, field: orAbsent(null) }];
    expect(facts(unless, { file: "x", field: null })).toHaveLength(1);
    expect(facts(unless, { file: "x", field: "y" })).toHaveLength(2);
    expect(facts(unless, { field: null })).toHaveLength(2);
  });
});

describe("the words' rules", () => {
  it("tell what data sets provide and phases require", () => {
    expect(data().provides).toEqual(["dataset.reference", "dataset.answer"]);
    expect(data({ domain: { jsonl: "x.jsonl" } }).provides).toEqual(["dataset.answer"]);
    expect(warmup().requires).toEqual(["dataset.reference", "dataset.answer"]);
    expect(sft({ on: "general" }).requires).toEqual([]);
    expect(grpo({ reward: { answer: 0, format: 0, steps: 0 } }).requires).toEqual([]);
    expect(grpo({ reward: { answer: 0, format: 0 } }).requires).toEqual(["dataset.answer"]);
  });

  it("claim nothing about options that are wrong, so that one mistake is reported once", () => {
    const wrong = warmup({ steps: 0 });
    expect(wrong.issues).toHaveLength(1);
    expect(wrong.requires).toEqual([]);
    expect(data({ domain: { world: "geometry", worked: -1 } }).provides).toHaveLength(2);
  });

  /** Each literal in a pattern, with its path. */
  const leaves = (part: unknown, path: ReadonlyArray<string>): ReadonlyArray<[string, unknown]> =>
    typeof part === "object" && part !== null && Object.keys(part).length > 0
      ? Object.entries(part).flatMap(([key, inner]) => leaves(inner, [...path, key]))
      : [[path.join("."), part]];

  it("never name a default as a plain literal: to the compiler it would be left out, not there", () => {
    const rules = Object.entries(words).flatMap(([name, word]) => {
      if (typeof word !== "function" || !("spec" in word)) return [];
      const all = { ...word.spec.requires, ...word.spec.provides } as Record<string, unknown>;
      const patterns = Object.values(all).flatMap(
        (rule) => (rule as { unless?: ReadonlyArray<object> }).unless ?? [],
      );
      return [{ name, patterns }];
    });
    expect(rules.filter(({ patterns }) => patterns.length > 0).length).toBeGreaterThan(4);
    const defaults = { ...grpo().options, ...data().options, ...sft().options };
    const at = (path: string) =>
      path.split(".").reduce<unknown>((value, key) => (value as never)?.[key], defaults);
    const found = rules.flatMap(({ name, patterns }) =>
      patterns.flatMap((pattern) =>
        leaves(pattern, [])
          .filter(([path, literal]) => literal === at(path))
          .map(([path]) => `${name}.${path}`),
      ),
    );
    expect(found).toEqual([]);
  });
});

describe("renderFact", () => {
  it("says what a fact means, if it is one of the package's", () => {
    expect(renderFact("dataset.answer")).toBe(
      "dataset.answer (the training examples carry a checkable answer)",
    );
    expect(renderFact("lessons.boxes")).toBe("lessons.boxes");
  });
});
