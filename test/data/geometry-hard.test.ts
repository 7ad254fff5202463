import { describe, expect, it } from "vitest";
import { facts, factText } from "../../src/data/arithmetic.ts";
import type { Example } from "../../src/data/example.ts";
import * as geometry from "../../src/data/geometry.ts";
import { type FamilyName, familyNames, test } from "../../src/data/geometry-hard.ts";
import { modelFolder } from "../../src/dsl/shipped.ts";
import { loadProcessor } from "../../src/models/processor.ts";

const problems = test(360);
const of = (name: FamilyName) => problems.filter(({ family }) => family === name);

/** The numbers of an example, read from its id. */
const numbersOf = ({ id }: Example) =>
  id
    .slice(id.indexOf(": ") + 2, id.indexOf("#"))
    .split(", ")
    .map(Number);
const stepsOf = ({ reference }: Pick<Example, "reference">) =>
  reference!
    .replace("<think> ", "")
    .split(" </think>")[0]!
    .split(" ; ")
    .filter((step) => step.includes("="));
const operators = (one: Example) =>
  stepsOf(one)
    .map((step) => step.split(" ")[1])
    .join(" ");

/** Closed formulas, and what the familiar rule for such a picture or question would answer. */
const formulas: Readonly<
  Record<FamilyName, readonly [(a: number, b: number) => number, (a: number, b: number) => number]>
> = {
  "numbers/tri": [(a, b) => 180 - a - b, (a) => (180 - a) / 2],
  "numbers/recA": [(a, b) => a * b, (a, b) => 2 * (a + b)],
  "numbers/triA": [(a, b) => (a * b) / 2, (a, b) => a * b],
  "figures/right": [(a) => 90 - a, (a) => (180 - a) / 2],
  "figures/tri": [(a, b) => 180 - a - b, (a) => (180 - a) / 2],
  "figures/iso": [(a) => 180 - 2 * a, (a) => (180 - a) / 2],
  "figures/square": [(a) => 4 * a, (a) => a * a],
  "chains/iso": [(a) => 180 - 2 * a, (a) => (180 - a) / 2],
  "chains/recP": [(a, b) => 2 * (a + b), (a, b) => 180 - a - b],
  "chains/right": [(a) => 90 + a, (a) => 90 - a],
  "chains/outside": [(a) => 90 + a / 2, (a) => (180 - a) / 2],
};

describe("the hard test", () => {
  it("has three levels of equal weight, no problem twice, the same every time", () => {
    for (const level of ["numbers", "figures", "chains"])
      expect(problems.filter(({ family }) => family.startsWith(`${level}/`))).toHaveLength(120);
    expect(new Set(problems.map(({ family }) => family))).toEqual(new Set(familyNames));
    expect(new Set(problems.map(({ id }) => id)).size).toBe(360);
    expect(test(36)).toEqual(problems.slice(0, 36));
  });

  it("has the right answer by the closed formula, which no familiar rule gives by accident", () => {
    for (const one of problems) {
      const [a, b] = numbersOf(one);
      const [right, familiar] = formulas[one.family as FamilyName];
      expect(Number(one.answer)).toBe(right(a!, b!));
      expect(familiar(a!, b!), one.id).not.toBe(right(a!, b!));
    }
  });

  it("takes steps that the general world teaches, and no others, each on the one before", () => {
    const known = new Set(facts.map(factText));
    for (const one of problems) {
      const steps = stepsOf(one);
      expect(known, one.id).toEqual(new Set([...known, ...steps]));
      steps.slice(1).forEach((step, index) => {
        const result = steps[index]!.split(" = ")[1]!;
        expect(step.split(" = ")[0]!.split(" ")).toContain(result);
      });
      expect(steps.at(-1)!.split(" = ")[1]).toBe(one.answer);
    }
  });

  it("fits 24 tokens of the shipped model, whose tokenizer knows every word", () => {
    const { tokenizer } = loadProcessor(modelFolder("tiny-vlm"));
    for (const { question, reference } of problems) {
      expect(tokenizer.firstUnknown(`${question} ${reference}`)).toBeUndefined();
      expect(tokenizer.encode(reference!).length + 1).toBeLessThanOrEqual(24);
    }
  });
});

describe("what the geometry world shows in training", () => {
  const everything = (["train", "validation", "test"] as const).flatMap((split) =>
    Array.from({ length: 660 }, (_, index) => geometry.example(3, index, split)),
  );

  it.each(["tri", "recA", "triA"] as const)("has none of the numbers of numbers/%s", (name) => {
    const { train, validation, test } = geometry.combos[name];
    const shown = new Set([...train, ...validation, ...test].map(String));
    for (const one of of(`numbers/${name}`)) expect(shown).not.toContain(String(numbersOf(one)));
  });

  it.each(["chains/recP", "chains/right", "chains/outside"] as const)(
    "has no chain of operations like that of %s",
    (name) => {
      const shown = new Set(everything.map(operators));
      expect(shown.size).toBeGreaterThan(4);
      for (const one of of(name)) expect(shown).not.toContain(operators(one));
    },
  );

  it("has no picture of the hard test", () => {
    const shown = new Set(everything.map(({ image }) => image.data.join()));
    for (const { image } of problems) expect(shown).not.toContain(image.data.join());
  });
});
