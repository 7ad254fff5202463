import { describe, expect, it } from "vitest";
import { startCurriculum } from "../../src/rl/curriculum.ts";
import { DEFAULT_DIFFICULTY, difficultyFactors } from "../../src/rl/difficulty.ts";

const batch = { ids: ["a", "b", "c", "d"], confidences: [0.1, 0.4, 0.4, 0.7] };

describe("difficultyFactors", () => {
  it("gives longer prefixes to references the policy is less confident in", () => {
    const factors = difficultyFactors(startCurriculum(), batch, DEFAULT_DIFFICULTY);
    const deviation = Math.sqrt(0.045);
    expect(factors[0]).toBeCloseTo(1 + (0.5 * 0.3) / (deviation + 1e-3), 9);
    expect(factors[1]).toBeCloseTo(1, 9);
    expect(factors[3]).toBeCloseTo(1 - (0.5 * 0.3) / (deviation + 1e-3), 9);
  });

  it("makes no difference among equals, nor with kappa 0", () => {
    const equal = { ids: ["a", "b"], confidences: [0.3, 0.3] };
    expect([...difficultyFactors(startCurriculum(), equal, DEFAULT_DIFFICULTY)]).toEqual([1, 1]);
    const flat = { ...DEFAULT_DIFFICULTY, kappa: 0 };
    expect([...difficultyFactors(startCurriculum(), batch, flat)]).toEqual([1, 1, 1, 1]);
    const none = { ...DEFAULT_DIFFICULTY, strategy: "none" } as const;
    expect([...difficultyFactors(startCurriculum(), batch, none)]).toEqual([1, 1, 1, 1]);
  });

  it("is never negative", () => {
    const steep = { ...DEFAULT_DIFFICULTY, kappa: 10 };
    expect(Math.min(...difficultyFactors(startCurriculum(), batch, steep))).toBe(0);
  });

  it("goes by unhinted success, and by rank before there is any", () => {
    const options = { ...DEFAULT_DIFFICULTY, strategy: "unhinted-success", kappa: 1 } as const;
    expect([...difficultyFactors(startCurriculum(), batch, options)]).toEqual([1, 0.5, 0.5, 0]);
    const known = { ...startCurriculum(), successes: { a: 0.75, d: 0 } };
    expect([...difficultyFactors(known, batch, options)]).toEqual([0.25, 0.5, 0.5, 1]);
    const squared = difficultyFactors(known, batch, { ...options, kappa: 2 });
    expect(squared[0]).toBe(0.0625);
    const alone = { ids: ["z"], confidences: [0.3] };
    expect([...difficultyFactors(startCurriculum(), alone, options)]).toEqual([1]);
  });

  it("stands on the ladder's rung", () => {
    const options = { ...DEFAULT_DIFFICULTY, strategy: "ladder" } as const;
    const state = { ...startCurriculum(), rungs: { b: 1, c: 3, d: 9 } };
    expect([...difficultyFactors(state, batch, options)]).toEqual([0, 1 / 3, 1, 1]);
  });
});
