import { describe, expect, it } from "vitest";
import { numbers, vocabulary } from "../../src/data/vocabulary.ts";
import { sameAnswer } from "../../src/rewards/answer.ts";
import { equivalent } from "../../src/rewards/equivalence.ts";
import pairs from "./equivalence-pairs.json" with { type: "json" };

/** Answers that mean the same and answers that do not, by what they are about. */
type Pairs = Readonly<Record<string, ReadonlyArray<readonly [given: string, expected: string]>>>;
const { right, wrong } = pairs as unknown as Readonly<Record<"right" | "wrong", Pairs>>;
const all = (part: Pairs) => Object.values(part).flat();

describe("the table of pairs", () => {
  it("is large, and no pair stands in it twice", () => {
    const keys = [...all(right), ...all(wrong)].map((pair) => JSON.stringify(pair));
    expect(keys.length).toBeGreaterThanOrEqual(250);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  it.each(Object.entries(right))("takes what is right in %s", (_, pairs) => {
    expect(pairs.filter(([given, expected]) => !sameAnswer(given, expected))).toEqual([]);
  });

  it.each(Object.entries(wrong))("refuses what is wrong in %s", (_, pairs) => {
    expect(pairs.filter(([given, expected]) => sameAnswer(given, expected))).toEqual([]);
  });

  it("takes every answer for itself", () => {
    const texts = [...all(right), ...all(wrong)].flat();
    expect(texts.filter((text) => !sameAnswer(text, text))).toEqual([]);
  });
});

/** How answers were compared before anything but words and decimals was read. */
function sameTokens(given: string, expected: string): boolean {
  const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;
  return decimal.test(given) && decimal.test(expected)
    ? Number(given) === Number(expected)
    : given === expected;
}

describe("on the synthetic worlds", () => {
  const answers = [
    ...numbers.map(String),
    ...["red", "circle", "a red circle", "a red circle and a blue square", "32 and 98"],
  ];

  it("pays exactly what equal tokens paid, whatever one, two or three words are said", () => {
    const differing: Array<string> = [];
    const compare = (given: string, expected: string) => {
      if (sameAnswer(given, expected) !== sameTokens(given, expected))
        differing.push(`${given} for ${expected}`);
    };
    const some = ["70", "red", "32 and 98"];
    vocabulary.forEach((first, i) => {
      for (const expected of answers) compare(first, expected);
      vocabulary.forEach((second, j) => {
        if ((i + j) % 3 !== 0) return;
        for (const expected of some) compare(`${first} ${second}`, expected);
        const third = vocabulary[(7 * i + 11 * j) % vocabulary.length]!;
        compare(`${first} ${second} ${third}`, some[(i + j) % some.length]!);
      });
    });
    expect(differing).toEqual([]);
  });

  it("does so for a right answer with one word put in, left out or exchanged", () => {
    const spoiled = answers.flatMap((answer) => {
      const words = answer.split(" ");
      return words.flatMap((_, at) =>
        vocabulary.flatMap((word) => [
          [words.toSpliced(at, 0, word).join(" "), answer] as const,
          [words.toSpliced(at, 1, word).join(" "), answer] as const,
          [words.toSpliced(at, 1).join(" "), answer] as const,
          [`${answer} ${word}`, answer] as const,
        ]),
      );
    });
    expect(
      spoiled.filter(([one, other]) => sameAnswer(one, other) !== sameTokens(one, other)),
    ).toEqual([]);
  });
});

describe("tolerance", () => {
  it("is relative, and can be set", () => {
    expect(sameAnswer("12.34", "12.35", 1e-3)).toBe(true);
    expect(sameAnswer("12.30", "12.35", 1e-3)).toBe(false);
    expect(sameAnswer("0.001234", "0.001235", 1e-3)).toBe(true);
    expect(sameAnswer("12.3 cm", "12.35 cm", 0.01)).toBe(true);
    expect(sameAnswer("6.3", "2π", 0.01)).toBe(true);
    expect(sameAnswer("0.33", "1/3", 0.05)).toBe(true);
  });

  it("never makes a whole number right", () => {
    for (const given of ["99", "101", "100.5", "99.99", "100.1 cm", "200/3"]) {
      expect(sameAnswer(given, "100", 0.5)).toBe(false);
      expect(sameAnswer(given, "100 cm", 0.5)).toBe(false);
      expect(sameAnswer(given, "\\sqrt{10000}", 0.5)).toBe(false);
    }
  });
});

describe("a hostile answer", () => {
  const hostile = [
    "(".repeat(200),
    `${"(".repeat(100)}1${")".repeat(100)}`,
    "{".repeat(200),
    `${"\\frac{1}{".repeat(25)}1${"}".repeat(25)}`,
    "-".repeat(250),
    "9^".repeat(120),
    "9^9^9^9^9^9^9",
    "1e999999999",
    "1e-999999999",
    `1${"0".repeat(250)}`,
    "1,".repeat(120),
    "√".repeat(250),
    "\\".repeat(255),
    "$".repeat(255),
    "9".repeat(1e6),
    "\\frac".repeat(5000),
    "constructor",
    "__proto__",
    "\\constructor{1}",
    "toString(1)",
    "process.exit(1)",
    "import('fs')",
    "0.(000000000)",
    "1/00000",
    "\u0000".repeat(100),
  ];

  it("is refused, never thrown at", () => {
    for (const text of hostile) {
      for (const expected of ["1", "1/2", "2π", "(1, 2)", "A", "red", "x^2"]) {
        expect([text.slice(0, 20), sameAnswer(text, expected)]).toEqual([text.slice(0, 20), false]);
      }
      expect(() => sameAnswer("1", text)).not.toThrow();
    }
  });

  it("is refused among random signs as well", () => {
    const signs = "0123456789.,;/⁄*+-^()[]{}\\$%°π√=±eExA ".split("");
    let state = 1;
    const next = (most: number) => {
      state = (state * 48271) % 2147483647;
      return state % most;
    };
    for (let index = 0; index < 3000; index++) {
      const text = Array.from({ length: 1 + next(30) }, () => signs[next(signs.length)]).join("");
      expect(() => equivalent(text, "\\frac{3}{7}\\pi", 1e-6)).not.toThrow();
      expect(sameAnswer(text, text)).toBe(true);
    }
  });
});
