import { describe, expect, it } from "vitest";
import { fact, facts, factText, range } from "../../src/data/arithmetic.ts";
import { combos, example, familyNames } from "../../src/data/geometry.ts";
import { numbers, vocabulary } from "../../src/data/vocabulary.ts";

describe("facts", () => {
  it("are true, different, and made of whole numbers of the vocabulary", () => {
    for (const { left, operator, right, result } of facts) {
      expect(fact(left, operator, right).result).toBe(result);
      for (const number of [left, right, result]) expect(numbers).toContain(number);
    }
    expect(new Set(facts.map(factText)).size).toBe(facts.length);
    expect(facts).toHaveLength(364);
  });

  it("cover every step of every geometry problem of every split", () => {
    const known = new Set(facts.map(factText));
    for (const split of ["train", "validation", "test"] as const) {
      const seen = new Set<string>();
      for (let index = 0; index < 880; index++) {
        const one = example(1, index, split);
        seen.add(one.id.slice(0, one.id.indexOf("#")));
        const steps = /<think> \w+ ; (.+) <\/think>/.exec(one.reference!)![1]!.split(" ; ");
        for (const step of steps) expect(known).toContain(step);
      }
      const all = familyNames.reduce((sum, name) => sum + combos[name][split].length, 0);
      expect(seen.size).toBe(all);
    }
  });
});

it("ranges include both ends", () => {
  expect(range(10, 40, 10)).toEqual([10, 20, 30, 40]);
  expect(range(3, 3)).toEqual([3]);
});

it("the vocabulary has 164 different words in a fixed order", () => {
  expect(new Set(vocabulary).size).toBe(vocabulary.length);
  expect(vocabulary).toHaveLength(164);
  expect([vocabulary[0], vocabulary[19], vocabulary[54], vocabulary[55], vocabulary[163]]).toEqual([
    "<think>",
    "what",
    "radius",
    "0",
    "180",
  ]);
});
