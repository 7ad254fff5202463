import { describe, expect, it } from "vitest";
import * as geometry from "../../src/data/geometry.ts";
import { steps } from "../../src/rewards/steps.ts";
import { scorer } from "../support/completion.ts";

const say = (thoughts: string, answer: string) =>
  `<think> ${thoughts} </think> <answer> ${answer} </answer>`;

describe("steps", () => {
  it("is 1 for every worked reference of the geometry world", () => {
    for (let index = 0; index < 200; index++) {
      expect(steps(geometry.example(1, index).reference!)).toBe(1);
    }
  });

  it("counts each equation and the link to the answer", () => {
    expect(steps(say("half ; 8 * 5 = 40 ; 40 / 2 = 20", "20"))).toBe(1);
    expect(steps(say("half ; 8 * 5 = 40 ; 72 / 2 = 20", "20"))).toBeCloseTo(1 / 3);
    expect(steps(say("half ; 8 * 5 = 40 ; 40 / 2 = 20", "21"))).toBeCloseTo(2 / 3);
    expect(steps(say("8 * 5 = 41 ; 40 / 2 = 20", "20"))).toBeCloseTo(2 / 3);
  });

  it("is 0 without an equation, and for an equation that is none", () => {
    expect(steps("<answer> 20 </answer>")).toBe(0);
    expect(steps(say("half", "20"))).toBe(0);
    expect(steps(say("8 * = 20", "20"))).toBe(0);
    expect(steps(say("20 = 20", "20"))).toBe(0);
    expect(steps(say("7 / 0 = 20", "20"))).toBe(0);
  });

  it("pays right answers only", () => {
    const score = scorer({ answer: 1, steps: 1 });
    const faithful = say("8 * 5 = 40", "40");
    expect(score(faithful, "40").total).toBe(2);
    expect(score(faithful, "41").total).toBe(0);
  });
});
