import { describe, expect, it } from "vitest";
import {
  DEFAULT_HEALTH,
  HEALTHY,
  type HealthReading,
  type HealthState,
  type HealthVerdict,
  judgeHealth,
} from "../../src/rl/health.ts";

const good: HealthReading = { kl: 0.1, entropy: 0.8, reward: 0.6 };

function watch(reading: HealthReading, steps: number, start: HealthState = HEALTHY): HealthVerdict {
  let verdict: HealthVerdict = { state: start, verdict: "continue", broken: [] };
  for (let i = 0; i < steps; i++) verdict = judgeHealth(verdict.state, reading, DEFAULT_HEALTH);
  return verdict;
}

const settled = watch(good, 100).state;

describe("judgeHealth", () => {
  it("lets a healthy run go on", () => {
    expect(watch(good, 500)).toMatchObject({ verdict: "continue", broken: [] });
    expect(settled.reward).toBeCloseTo(0.6, 2);
  });

  it.each([
    ["kl", { ...good, kl: 99 }],
    ["kl", { ...good, kl: Number.NaN }],
    ["entropy", { ...good, entropy: 0 }],
  ] as const)("asks for a rollback when %s breaks its bound for long enough", (name, reading) => {
    expect(watch(reading, DEFAULT_HEALTH.patience - 1, settled).verdict).toBe("continue");
    const verdict = watch(reading, DEFAULT_HEALTH.patience, settled);
    expect(verdict).toMatchObject({ verdict: "rollback", broken: [name] });
    expect(verdict.state.rateFactor).toBe(0.5);
  });

  it("notices a reward that collapses to less than half of its best", () => {
    const verdict = watch({ ...good, reward: 0 }, 14, settled);
    expect(verdict.broken).toEqual(["reward"]);
    expect(watch({ ...good, reward: 0 }, 30, settled).state.rollbacks).toBe(1);
  });

  it("forgives a break that heals in time", () => {
    const hurt = watch({ ...good, kl: 99 }, DEFAULT_HEALTH.patience - 1, settled).state;
    expect(watch(good, 1, hurt).state.broken).toBe(0);
  });

  it("halves the rate with each rollback and gives up after the last", () => {
    let state = settled;
    const verdicts = Array.from({ length: 4 }, () => {
      const verdict = watch({ ...good, kl: 99 }, DEFAULT_HEALTH.patience, state);
      state = JSON.parse(JSON.stringify(verdict.state));
      return [verdict.verdict, state.rateFactor];
    });
    expect(verdicts).toEqual([
      ["rollback", 0.5],
      ["rollback", 0.25],
      ["rollback", 0.125],
      ["diverged", 0.0625],
    ]);
  });

  it("does without what was not measured", () => {
    expect(watch({ kl: 0.1, reward: 0.6 }, 50, settled).verdict).toBe("continue");
    expect(watch({ reward: 0.6 }, 50, settled).verdict).toBe("continue");
  });

  it("leaves a reward that is no number out of the average", () => {
    const { state } = watch({ ...good, reward: Number.NaN }, 3, settled);
    expect(state.reward).toBeCloseTo(settled.reward, 12);
    expect(watch({ ...good, reward: 0 }, 30, state).state.rollbacks).toBe(1);
  });

  it("takes neither rare rewards nor penalties for a fall", () => {
    const rare = watch({ ...good, reward: 1 }, 4, HEALTHY).state;
    expect(rare.bestReward).toBeLessThan(DEFAULT_HEALTH.rewardFrom);
    expect(watch({ ...good, reward: 0 }, 200, rare)).toMatchObject({ broken: [] });
    expect(watch({ ...good, reward: -1 }, 200, HEALTHY)).toMatchObject({ broken: [] });
  });
});
