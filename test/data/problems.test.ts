import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Example, exampleId } from "../../src/data/example.ts";
import * as geometry from "../../src/data/geometry.ts";
import { blank } from "../../src/data/grid.ts";
import { problems } from "../../src/data/problems.ts";

const families = {
  often: { weight: 3, combos: Array.from({ length: 20 }, (_, n) => [n]) },
  rarely: { weight: 1, combos: Array.from({ length: 10 }, (_, n) => [n, n]) },
};
const world = problems("toy", families, (family, numbers, random): Example => {
  const image = blank(random.integer(256));
  const id = exampleId(`${family}: ${numbers.join(", ")}`, image);
  return { id, family, image, question: family, answer: `${numbers[0]}`, reference: "worked" };
});

describe("a world of problems", () => {
  it("splits each family's combinations into 70, 10 and 20 percent that share none", () => {
    for (const name of ["often", "rarely"] as const) {
      const { train, validation, test } = world.combos[name];
      const all = families[name].combos;
      expect([train, validation, test].map((part) => part.length / all.length)).toEqual([
        0.7, 0.1, 0.2,
      ]);
      expect(new Set([...train, ...validation, ...test])).toEqual(new Set(all));
    }
  });

  it("gives every family its weight, and goes through all combinations before one comes back", () => {
    const drawn = Array.from({ length: 40 }, (_, index) => world.example(5, index));
    expect(drawn.slice(0, 4).filter(({ family }) => family === "rarely")).toHaveLength(1);
    const often = drawn.filter(({ family }) => family === "often").map(({ answer }) => answer);
    expect(new Set(often.slice(0, 14)).size).toBe(14);
    expect(new Set(often.slice(14, 28)).size).toBe(14);
  });

  it("keeps references of the worked part and of what is held out", () => {
    const made = world.dataset({ seed: 1, worked: 3, answerOnly: 5, validation: 2, test: 2 });
    expect(made.train.map((one) => "reference" in one)).toEqual([
      ...Array(3).fill(true),
      ...Array(5).fill(false),
    ]);
    expect([...made.validation, ...made.test].every((one) => "reference" in one)).toBe(true);
  });
});

it("makes the geometry problems that the published results were measured on", () => {
  const { train, validation, test } = geometry.dataset({ seed: 1 });
  const lines = [...train, ...validation, ...test].map((one) => `${one.id} ${one.reference}`);
  expect(createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16)).toBe(
    "42f19bdf08093298",
  );
});
