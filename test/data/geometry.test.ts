import { describe, expect, it } from "vitest";
import type { Example, Split } from "../../src/data/example.ts";
import { combos, dataset, example, type FamilyName, familyNames } from "../../src/data/geometry.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import { scorer } from "../support/completion.ts";

const splits: ReadonlyArray<Split> = ["train", "validation", "test"];
const weights = { tri: 4, right: 2, iso: 3, recP: 4, recA: 3, triA: 4, circ: 2 };
const first = dataset({ seed: 1 });
const second = dataset({ seed: 2 });
const everything = splits.flatMap((split) => first[split]);
const stream = (count: number, split: Split = "train") =>
  Array.from({ length: count }, (_, index) => example(7, index, split));

/** The numbers of an example, read from its id. */
const numbersOf = ({ id }: Example) =>
  id
    .slice(id.indexOf(": ") + 2, id.indexOf("#"))
    .split(", ")
    .map(Number);

/** Closed formulas, written independently of the chains the world is made of. */
const formulas: Readonly<Record<FamilyName, (a: number, b: number) => number>> = {
  tri: (a, b) => 180 - a - b,
  right: (a) => 90 - a,
  iso: (a) => (180 - a) / 2,
  recP: (a, b) => 2 * (a + b),
  recA: (a, b) => a * b,
  triA: (a, b) => (a * b) / 2,
  circ: (r) => 2 * r,
};

describe("the number combinations", () => {
  it.each([
    ["tri", 63, 9, 18],
    ["right", 5, 1, 2],
    ["iso", 11, 2, 3],
    ["recP", 45, 6, 13],
    ["recA", 45, 6, 13],
    ["triA", 33, 5, 10],
    ["circ", 13, 2, 4],
  ] as const)("of %s are split %i / %i / %i for ever", (name, ...counts) => {
    expect(splits.map((split) => combos[name][split].length)).toEqual(counts);
  });

  it("are in one split only", () => {
    for (const name of familyNames) {
      const keys = splits.map((split) => new Set(combos[name][split].map(String)));
      const all = keys.flatMap((one) => [...one]);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it("of scalene triangles have three different angles", () => {
    for (const [a, b] of splits.flatMap((split) => combos.tri[split]))
      expect(new Set([a, b, 180 - a! - b!]).size).toBe(3);
  });
});

describe("a data set", () => {
  it("has the usual size: 200 worked, 1,800 answer-only, 175 and 350 held out", () => {
    expect(splits.map((split) => first[split].length)).toEqual([2000, 175, 350]);
    expect(first.train.slice(0, 200).every((one) => one.reference !== undefined)).toBe(true);
    expect(first.train.slice(200).some((one) => "reference" in one)).toBe(false);
  });

  it("is the same for the same seed; another seed changes the training part alone", () => {
    const ids = (examples: ReadonlyArray<Example>) => examples.map((one) => one.id);
    expect(dataset({ seed: 1 })).toEqual(first);
    expect(ids(second.train)).not.toEqual(ids(first.train));
    expect(second.validation).toEqual(first.validation);
    expect(second.test).toEqual(first.test);
  });

  it("holds no held-out numbers in training and no example twice", () => {
    const held = new Set(
      [...first.validation, ...first.test].map((one) => `${one.family} ${numbersOf(one)}`),
    );
    for (const one of [...first.train, ...second.train])
      expect(held).not.toContain(`${one.family} ${numbersOf(one)}`);
    expect(new Set(everything.map((one) => one.id)).size).toBe(everything.length);
  });

  it("begins alike when it is smaller", () => {
    const small = dataset({ seed: 1, worked: 20, answerOnly: 10, validation: 11, test: 22 });
    expect(small.train.slice(0, 20)).toEqual(first.train.slice(0, 20));
    expect(small.test).toEqual(first.test.slice(0, 22));
    expect(small.train).toHaveLength(30);
    expect(small.validation).toHaveLength(11);
  });
});

describe("an example", () => {
  it("follows its family's weight in each run of 22", () => {
    for (const start of [0, 22, 440]) {
      const families = Array.from({ length: 22 }, (_, index) => example(3, start + index).family);
      const counts = Object.fromEntries(
        familyNames.map((name) => [name, families.filter((one) => one === name).length]),
      );
      expect(counts).toEqual(weights);
    }
  });

  it("shows every training combination of its family before one comes back", () => {
    const circles = stream(150)
      .filter((one) => one.family === "circ")
      .slice(0, 13);
    expect(new Set(circles.map((one) => `${numbersOf(one)}`)).size).toBe(13);
  });

  it("has the right answer by the closed formula", () => {
    for (const one of everything) {
      const [a, b] = numbersOf(one);
      expect(Number(one.answer)).toBe(formulas[one.family as FamilyName](a!, b!));
    }
  });

  it("has a reference whose every step is true, uses the step before, and ends in the answer", () => {
    for (const one of stream(300)) {
      const [, thoughts, final] = /^<think> (.+) <\/think> <answer> (\d+) <\/answer>$/.exec(
        one.reference!,
      )!;
      const steps = thoughts!.split(" ; ").slice(1);
      let last = Number.NaN;
      for (const [index, step] of steps.entries()) {
        const [left, operator, right, , result] = step.split(" ");
        const operations = {
          "+": (a: number, b: number) => a + b,
          "-": (a: number, b: number) => a - b,
          "*": (a: number, b: number) => a * b,
          "/": (a: number, b: number) => a / b,
        };
        const apply = operations[operator as keyof typeof operations];
        expect(apply(Number(left), Number(right))).toBe(Number(result));
        if (index > 0) expect([Number(left), Number(right)]).toContain(last);
        last = Number(result);
      }
      expect(final).toBe(one.answer);
      expect(Number(final)).toBe(last);
      expect(scorer({ answer: 1, format: 0.1 })(one.reference!, one.answer).total).toBeCloseTo(
        1.1,
        12,
      );
    }
  });

  it("uses words of the vocabulary alone, and no number in the question", () => {
    const known = new Set(vocabulary);
    for (const one of [...stream(300), ...stream(150, "test"), ...stream(150, "validation")]) {
      for (const word of `${one.question} ${one.reference}`.split(" "))
        expect(known).toContain(word);
      expect(one.question).not.toMatch(/\d/);
    }
  });

  it("has a response of 12 to 18 words, one token each", () => {
    const lengths = stream(300).map((one) => one.reference!.split(" ").length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([12, 18]);
  });

  it("cannot be answered from the question: two questions are shared by several families", () => {
    const byQuestion: Record<string, Array<string>> = {};
    for (const name of familyNames) {
      const { question } = stream(44).find((one) => one.family === name)!;
      byQuestion[question] = [...(byQuestion[question] ?? []), name];
    }
    expect(byQuestion).toEqual({
      "find angle x": ["tri", "right", "iso"],
      "find the perimeter": ["recP"],
      "find the area": ["recA", "triA"],
      "find the diameter": ["circ"],
    });
  });
});
