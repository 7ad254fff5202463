import { describe, expect, it } from "vitest";
import { componentNames } from "../../src/rewards/components.ts";
import { mix } from "../../src/rewards/mix.ts";
import { groupRelative } from "../../src/rl/advantage.ts";
import { completionOf, scorer, shipped } from "../support/completion.ts";

const worked = "<think> radius ; 4 * 2 = 8 </think> <answer> 8 </answer>";
const wrong = "<think> radius ; 4 * 2 = 9 </think> <answer> 9 </answer>";
const bare = "<answer> 8 </answer>";
const none = "8";

describe("answer and format", () => {
  const score = scorer({ answer: 1, format: 0.1 });

  it("gives 1.1, 1 and 0", () => {
    expect(score(worked, "8")).toMatchObject({ total: 1.1, components: { answer: 1, format: 1 } });
    expect(score(bare, "8")).toMatchObject({ total: 1, components: { answer: 1, format: 0 } });
    expect(score(none, "8")).toMatchObject({ total: 0, components: { answer: 0, format: 0 } });
  });

  it("pays the form of a wrong answer nothing, but reports it", () => {
    expect(score(wrong, "8")).toMatchObject({ total: 0, components: { answer: 0, format: 1 } });
  });

  it("never ranks a wrong answer above or beside a right one", () => {
    const right = [worked, bare].map((text) => score(text, "8").total);
    const others = [wrong, none, "", "<answer> 9 </answer>"].map((text) => score(text, "8").total);
    expect(Math.min(...right)).toBeGreaterThan(Math.max(...others));
  });

  it("pays the form by itself when no condition is set", () => {
    expect(scorer({ answer: 1, format: 0.1 }, { conditions: {} })(wrong, "8").total).toBe(0.1);
    expect(scorer({ format: 0.5 })(wrong, "8")).toMatchObject({
      total: 0.5,
      components: { format: 1 },
    });
  });
});

describe("a policy that hacks form and steps", () => {
  // Thoughts in form whose equations hold and lead to the answer, which is wrong; and one honest failure.
  const hollow = "<think> radius ; 4 + 5 = 9 </think> <answer> 9 </answer>";
  const group = [hollow, hollow, none, hollow];
  const weights = { answer: 1, format: 0.1, steps: 1 };
  const advantages = (score: ReturnType<typeof scorer>) =>
    groupRelative(Float32Array.from(group.map((text) => score(text, "8").total)), {
      ...{ group: group.length, scale: "group", epsilon: 1e-4 },
    });

  it("earns nothing without answers, so that no gradient leads there", () => {
    const score = scorer(weights);
    expect(score(hollow, "8")).toMatchObject({ total: 0, components: { format: 1, steps: 1 } });
    const { advantages: gained, zeroSpread } = advantages(score);
    expect([...gained]).toEqual([0, 0, 0, 0]);
    expect([...zeroSpread]).toEqual([1]);
  });

  it("would be drawn there without the conditions", () => {
    const { advantages: gained } = advantages(scorer(weights, { conditions: {} }));
    expect(gained[0]).toBeGreaterThan(0);
    expect(gained[2]).toBeLessThan(0);
  });
});

describe("other rewards", () => {
  const rewards = {
    short: ({ response }: { response: string }) => Math.max(0, 1 - response.length / 10),
    same: ({ response, expected }: { response: string; expected: string }) =>
      response === expected ? 1 : 0,
  };
  const five = completionOf("abcde", "abcde");

  it("are added by weight and can condition one another", () => {
    expect(mix({ short: 2, same: 3 }, rewards)(five).total).toBeCloseTo(2 * 0.5 + 3, 12);
    const conditioned = mix({ short: 2, same: 3 }, rewards, { conditions: { same: "short" } });
    expect(conditioned(five).total).toBeCloseTo(2 * 0.5 + 3 * 0.5, 12);
  });

  it("cost nothing without weight", () => {
    const forbidden = () => {
      throw new Error("computed");
    };
    const known = { ...shipped, text: forbidden, cider: forbidden, steps: forbidden };
    const score = mix({ answer: 1, text: 0, cider: 0, steps: 0 }, known);
    expect(score(completionOf(bare, "8")).components).toEqual({ answer: 1 });
    expect(() => mix({ text: 1 }, known)(five)).toThrow("computed");
  });

  it("may be measured elsewhere, and leave out what they do not apply to", () => {
    const score = mix({ answer: 1, brief: 0.5 }, shipped, { measured: ["brief"] });
    const one = completionOf(bare, "8");
    expect(score(one, { brief: 0.5 })).toMatchObject({
      total: 1.25,
      components: { answer: 1, brief: 0.5 },
    });
    expect(score(one, { brief: null })).toMatchObject({ total: 1, components: { answer: 1 } });
  });
});

describe("success", () => {
  it("is the answer where it has weight, whatever shapes it", () => {
    const score = scorer({ answer: 1, format: 0.1, steps: 1, text: 1, overlong: 1 });
    expect(score(worked, "8").success).toBe(1);
    expect(score(wrong, "8").success).toBe(0);
  });

  it("is otherwise the weighted mean of what does the task, in [0, 1]", () => {
    const score = mix({ rougeL: 1, bleu: 3, repetition: 1 }, shipped);
    const one = completionOf("a red circle", "", { rest: "a red circle and a blue square" });
    const { components, success } = score(one);
    expect(success).toBeCloseTo((components.rougeL! + 3 * components.bleu!) / 4, 12);
    expect(success).toBeGreaterThan(0);
    const own = mix({ mine: 1 }, {}, { measured: ["mine"] });
    expect([-1, 0.4, 7].map((mine) => own(one, { mine }).success)).toEqual([0, 0.4, 1]);
  });
});

describe("the shipped components", () => {
  const all = Object.fromEntries(componentNames.map((name) => [name, 1]));
  const score = mix(all, shipped);

  it("stay within the range they state", () => {
    const texts = ["", "8", bare, worked, wrong, "a a a a a a a a a", "red ".repeat(99)];
    for (const response of texts)
      for (const rest of [undefined, "8", "a red circle"]) {
        const { components } = score(completionOf(response, "8", { rest }));
        for (const [name, value] of Object.entries(components)) {
          const least = ["repetition", "overlong", "cosine"].includes(name) ? -1 : 0;
          expect(value).toBeGreaterThanOrEqual(least);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
      }
  });

  it("pay overlap for what was generated alone, never for what was imposed", () => {
    const overlap = ["bleu", "rougeL", "cider"] as const;
    const rest = "and a blue square";
    const begun = (continuation: string) =>
      score(completionOf(`a red circle ${continuation}`, "", { continuation, rest })).components;
    for (const name of overlap) {
      expect(begun("")[name]).toBe(0);
      expect(begun("something else altogether")[name]).toBe(0);
      expect(begun(rest)[name]).toBeGreaterThan(0);
    }
    expect(begun(rest)).toMatchObject({ bleu: 1, rougeL: 1 });
  });

  it("compare the answer where there is no reference", () => {
    const { components } = score(completionOf("<answer> a red circle </answer>", "a red circle"));
    expect(components).toMatchObject({ rougeL: 1, text: 1, answer: 1, relaxed: 1 });
  });

  it("take words without articles for the same, and numbers that are near", () => {
    const paid = (given: string, expected: string) =>
      score(completionOf(`<answer> ${given} </answer>`, expected)).components;
    expect(paid("The red circle!", "a red circle")).toMatchObject({ text: 1, answer: 0 });
    expect(paid("a blue circle", "a red circle")).toMatchObject({ text: 0 });
    expect(paid("96", "100")).toMatchObject({ relaxed: 1, answer: 0 });
    expect(paid("94", "100")).toMatchObject({ relaxed: 0 });
    expect(paid("96 %", "100")).toMatchObject({ relaxed: 1 });
    expect(paid("0", "0")).toMatchObject({ relaxed: 1 });
    expect(paid("1", "0")).toMatchObject({ relaxed: 0 });
    expect(paid("cat", "cat")).toMatchObject({ relaxed: 1 });
  });
});

describe("bad weights", () => {
  it("are refused when the mix is made", () => {
    const anything = (weights: Record<string, number>, options?: object) =>
      mix(weights, shipped, options);
    expect(() => anything({ answr: 1 })).toThrow(
      'unknown reward "answr", known are answer, format',
    );
    expect(() => anything({ toString: 1 })).toThrow('unknown reward "toString"');
    expect(() => anything({ answer: -1 })).toThrow("needs a finite weight of at least 0, not -1");
    expect(() => anything({ answer: Number.NaN })).toThrow("not NaN");
    expect(() => anything({ format: 1 }, { conditions: { format: "answer" } })).toThrow(
      'reward "answer" is part of a condition but has no weight',
    );
  });
});
