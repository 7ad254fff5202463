import { describe, expect, it } from "vitest";
import { facts, factText } from "../../src/data/arithmetic.ts";
import { combos, dataset, example, type FamilyName, familyNames } from "../../src/data/charts.ts";
import type { Example, Split } from "../../src/data/example.ts";
import { generalQuestions } from "../../src/data/scenes.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import { scorer } from "../support/completion.ts";

const splits: ReadonlyArray<Split> = ["train", "validation", "test"];
const first = dataset({ seed: 1 });
const second = dataset({ seed: 2 });
const everything = splits.flatMap((split) => first[split]);
const streamed = Array.from({ length: 440 }, (_, index) => example(7, index));

/** The numbers of an example, read from its id. */
const numbersOf = ({ id }: Example) => id.split(": ")[1]!.split(", ").map(Number);

/** Closed formulas, written independently of the chains the world is made of. */
const formulas: Readonly<Record<FamilyName, (a: number, b: number, c: number) => number>> = {
  double: (a) => 2 * a,
  half: (a) => 0.5 * a,
  sum: (a, b) => a + b,
  span: (a, b) => a - b,
  mean: (a, b) => 0.5 * (a + b),
  radius: (a, b) => 0.5 * (a - b),
  total: (a, b, c) => a + b + c,
};

/** The equations of a reference, without the word that opens it. */
const equations = ({ reference }: Example) =>
  /<think> (.+) <\/think>/.exec(reference!)![1]!.split(" ; ").slice(1);

describe("the number combinations of charts", () => {
  it.each([
    ["double", 13, 2, 4],
    ["half", 34, 5, 10],
    ["sum", 55, 8, 16],
    ["span", 38, 5, 11],
    ["mean", 44, 6, 13],
    ["radius", 38, 5, 11],
    ["total", 54, 8, 16],
  ] as const)("of %s are split %i / %i / %i for ever", (name, ...counts) => {
    expect(splits.map((split) => combos[name][split].length)).toEqual(counts);
  });

  it("are in one split only, in whatever order", () => {
    for (const name of familyNames) {
      const all = splits.flatMap((split) =>
        combos[name][split].map((combo) => `${[...combo].sort((a, b) => a - b)}`),
      );
      expect(new Set(all).size).toBe(all.length);
    }
  });
});

describe("a data set of charts", () => {
  it("has the usual size, the worked problems first", () => {
    expect(splits.map((split) => first[split].length)).toEqual([2000, 175, 350]);
    expect(first.train.map((one) => "reference" in one).lastIndexOf(true)).toBe(199);
  });

  it("is the same for the same seed; another seed changes the training part alone", () => {
    const ids = (examples: ReadonlyArray<Example>) => examples.map((one) => one.id);
    expect(dataset({ seed: 1 })).toEqual(first);
    expect(ids(second.train)).not.toEqual(ids(first.train));
    expect(second.validation).toEqual(first.validation);
    expect(second.test).toEqual(first.test);
  });

  it("holds no held-out numbers in training and no example twice", () => {
    const key = (one: Example) => `${one.family} ${numbersOf(one)}`;
    const held = new Set([...first.validation, ...first.test].map(key));
    for (const one of [...first.train, ...second.train]) expect(held).not.toContain(key(one));
    expect(new Set(everything.map((one) => one.id)).size).toBe(everything.length);
  });
});

describe("a question about a chart", () => {
  it("has the right answer by the closed formula", () => {
    for (const one of everything) {
      const [a, b, c] = numbersOf(one);
      expect(Number(one.answer)).toBe(formulas[one.family as FamilyName](a!, b!, c!));
    }
  });

  it("has a reference of true facts that the general world teaches, of one or two steps", () => {
    const known = new Set(facts.map(factText));
    const lengths = new Map<string, Set<number>>();
    for (const one of streamed) {
      const steps = equations(one);
      for (const step of steps) expect(known).toContain(step);
      lengths.set(one.family, (lengths.get(one.family) ?? new Set()).add(steps.length));
    }
    const two: ReadonlyArray<string> = ["mean", "radius", "total"];
    for (const name of familyNames)
      expect(lengths.get(name)).toEqual(new Set([two.includes(name) ? 2 : 1]));
  });

  it("is paid in full for its reference, step by step", () => {
    const score = scorer({ answer: 1, format: 0.1, steps: 0.5 });
    for (const one of streamed) expect(score(one.reference!, one.answer).total).toBeCloseTo(1.6);
  });

  it("uses words of the tiny model's vocabulary alone, and no number in the question", () => {
    const known = new Set(vocabulary);
    for (const one of [...streamed, ...first.validation, ...first.test]) {
      for (const word of `${one.question} ${one.reference}`.split(" "))
        expect(known).toContain(word);
      expect(one.question).not.toMatch(/\d/);
      expect(generalQuestions).not.toContain(one.question);
    }
  });

  it("needs the picture: the best answer to each question is right for a small share", () => {
    const answers = new Map<string, Map<string, number>>();
    for (const { family, answer } of first.test) {
      const counts = answers.get(family) ?? new Map<string, number>();
      answers.set(family, counts.set(answer, (counts.get(answer) ?? 0) + 1));
    }
    const best = [...answers.values()].map((counts) => Math.max(...counts.values()));
    // With so few problems, an oracle's share lies above that of any guess learnt in training.
    expect(best.reduce((sum, count) => sum + count, 0) / first.test.length).toBeLessThan(0.2);
  });

  it("asks by colour in either order, so that positions do not give it away", () => {
    const pairs = new Set(
      streamed.filter(({ family }) => family === "sum").map(({ question }) => question),
    );
    expect(pairs).toContain("find the red and blue rectangle");
    expect(pairs).toContain("find the blue and red rectangle");
  });
});
