import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { type Content, settleParts } from "../../src/data/split.ts";

const rule = { validation: 0.1, test: 0.2, distinct: "image-or-question", seed: 0 } as const;

/** Rows with some images and some questions in common. */
function rows(count: number, images: number, questions: number): ReadonlyArray<Content> {
  const random = stream(1, "rows");
  return Array.from({ length: count }, (_, index) => ({
    image: `i${random.integer(images)}`,
    question: index % 2 === 0 ? `own ${index}` : `q${random.integer(questions)}`,
  }));
}

const count = (parts: ReadonlyArray<unknown>, part: unknown) =>
  parts.filter((one) => one === part).length;

describe("settleParts", () => {
  it("gives each part its share of rows that have nothing in common", () => {
    const own = Array.from({ length: 50 }, (_, index) => ({
      image: `${index}`,
      question: `${index}`,
    }));
    const parts = settleParts(own, rule);
    expect(["train", "validation", "test"].map((part) => count(parts, part))).toEqual([35, 5, 10]);
  });

  it("keeps what looks or reads the same in one part", () => {
    const some = rows(400, 900, 900);
    const parts = settleParts(some, rule);
    expect(count(parts, "test")).toBe(80);
    for (const key of ["image", "question"] as const) {
      const seen = new Map<string, unknown>();
      some.forEach((row, index) => {
        expect(parts[index]).toBe(seen.get(row[key]) ?? parts[index]);
        seen.set(row[key], parts[index]);
      });
    }
  });

  it("lets questions recur when only images count", () => {
    const same = Array.from({ length: 20 }, (_, index) => ({
      image: `${index}`,
      question: "same",
    }));
    expect(count(settleParts(same, rule), "train")).toBe(20);
    expect(count(settleParts(same, { ...rule, distinct: "image" }), "test")).toBe(4);
  });

  it("does not depend on the order of rows, but on the seed", () => {
    const some = rows(200, 500, 500);
    const order = stream(2, "order").shuffle(some.map((_, index) => index));
    const parts = settleParts(some, rule);
    const moved = settleParts(
      order.map((index) => some[index]!),
      rule,
    );
    expect(moved).toEqual(order.map((index) => parts[index]));
    expect(settleParts(some, { ...rule, seed: 1 })).not.toEqual(parts);
  });

  it("leaves out rows that share content with a file of held-out rows", () => {
    const held = [{ image: "a", question: "one", part: "test" as const }];
    const open = [
      { image: "a", question: "two" },
      { image: "b", question: "one" },
      { image: "c", question: "three" },
    ];
    const given = { ...rule, validation: 0, test: 0 };
    expect(settleParts([...open, ...held], given)).toEqual([null, null, "train", "test"]);
    expect(settleParts([...open, ...held], { ...given, distinct: "image" })).toEqual([
      null,
      "train",
      "train",
      "test",
    ]);
  });
});
