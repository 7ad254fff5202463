import { describe, expect, it } from "vitest";
import { mix } from "../../src/rewards/mix.ts";

const worked = "<think> radius ; 4 * 2 = 8 </think> <answer> 8 </answer>";
const wrong = "<think> radius ; 4 * 2 = 9 </think> <answer> 9 </answer>";
const bare = "<answer> 8 </answer>";
const none = "8";

describe("answer and format", () => {
  const score = mix({ answer: 1, format: 0.1 });

  it("gives 1.1, 1 and 0", () => {
    expect(score(worked, "8")).toEqual({ total: 1.1, components: { answer: 1, format: 1 } });
    expect(score(bare, "8")).toEqual({ total: 1, components: { answer: 1, format: 0 } });
    expect(score(none, "8")).toEqual({ total: 0, components: { answer: 0, format: 0 } });
  });

  it("pays the form of a wrong answer nothing, but reports it", () => {
    expect(score(wrong, "8")).toEqual({ total: 0, components: { answer: 0, format: 1 } });
  });

  it("never ranks a wrong answer above or beside a right one", () => {
    const right = [worked, bare].map((text) => score(text, "8").total);
    const others = [wrong, none, "", "<answer> 9 </answer>"].map((text) => score(text, "8").total);
    expect(Math.min(...right)).toBeGreaterThan(Math.max(...others));
  });

  it("pays the form by itself when no condition is set", () => {
    expect(mix({ answer: 1, format: 0.1 }, { conditions: {} })(wrong, "8").total).toBe(0.1);
    expect(mix({ format: 0.5 })(wrong, "8")).toEqual({ total: 0.5, components: { format: 1 } });
  });
});

describe("other rewards", () => {
  const rewards = {
    short: (response: string) => Math.max(0, 1 - response.length / 10),
    same: (response: string, expected: string) => (response === expected ? 1 : 0),
  };

  it("are added by weight and can condition one another", () => {
    const score = mix({ short: 2, same: 3 }, { rewards });
    expect(score("abcde", "abcde").total).toBeCloseTo(2 * 0.5 + 3, 12);
    const conditioned = mix({ short: 2, same: 3 }, { rewards, conditions: { same: "short" } });
    expect(conditioned("abcde", "abcde").total).toBeCloseTo(2 * 0.5 + 3 * 0.5, 12);
  });
});

describe("bad weights", () => {
  it("are refused when the mix is made", () => {
    const anything = mix as (weights: object, options?: object) => unknown;
    expect(() => anything({ answr: 1 })).toThrow(
      'unknown reward "answr", known are answer, format',
    );
    expect(() => anything({ toString: 1 })).toThrow('unknown reward "toString"');
    expect(() => mix({ answer: -1 })).toThrow("needs a finite weight of at least 0, not -1");
    expect(() => mix({ answer: Number.NaN })).toThrow("not NaN");
    expect(() => anything({ format: 1 }, { conditions: { format: "answer" } })).toThrow(
      'reward "answer" is part of a condition but has no weight',
    );
  });
});
