import { describe, expect, it } from "vitest";
import { klTerm, penalisedRewards } from "../../src/rl/kl.ts";

const estimators = ["k1", "k2", "k3"] as const;

describe("klTerm", () => {
  it.each(estimators)("%s has the derivative that finite differences find", (estimator) => {
    for (const limit of [undefined, 1]) {
      for (let logprob = -6; logprob < 0; logprob += 0.37) {
        const at = (x: number) => klTerm(estimator, x, -2, limit);
        const slope = (at(logprob + 1e-5).value - at(logprob - 1e-5).value) / 2e-5;
        expect(at(logprob).derivative).toBeCloseTo(slope, 4);
      }
    }
  });

  it.each(estimators)("%s is 0 where the policies agree", (estimator) => {
    expect(Math.abs(klTerm(estimator, -1.5, -1.5).value)).toBe(0);
  });

  it("is never negative as k2 and k3, limited or not", () => {
    for (let logprob = -9; logprob < 0; logprob += 0.1) {
      expect(klTerm("k2", logprob, -1).value).toBeGreaterThanOrEqual(0);
      expect(klTerm("k3", logprob, -1).value).toBeGreaterThanOrEqual(0);
      expect(klTerm("k3", logprob, -1, 2).value).toBeGreaterThanOrEqual(0);
    }
  });

  it("has k1 and k3 agree in expectation under the policy", () => {
    const policy = [0.5, 0.3, 0.2];
    const reference = [0.2, 0.2, 0.6];
    const exact = policy.reduce((sum, p, i) => sum + p * Math.log(p / reference[i]!), 0);
    for (const estimator of ["k1", "k3"] as const) {
      const mean = policy.reduce((sum, p, i) => {
        return sum + p * klTerm(estimator, Math.log(p), Math.log(reference[i]!)).value;
      }, 0);
      expect(mean).toBeCloseTo(exact, 10);
    }
  });

  it("keeps pulling towards the reference beyond the exponent's limit, with bounded force", () => {
    const far = klTerm("k3", -40, -1, 5);
    expect(far.derivative).toBeCloseTo(1 - Math.exp(5), 6);
    expect(Number.isFinite(klTerm("k3", -2000, -1, 5).value)).toBe(true);
    expect(klTerm("k3", -3, -1, 5)).toEqual(klTerm("k3", -3, -1));
  });
});

describe("penalisedRewards", () => {
  it("takes off the masked-in tokens' penalty", () => {
    const rewards = penalisedRewards({
      rewards: Float32Array.of(1, 0.5),
      logprobs: Float32Array.of(-1, -2, Number.NaN, -1, -1, -1),
      referenceLogprobs: Float32Array.of(-2, -2.5, 0, -1, -1, -1),
      mask: Uint8Array.of(1, 1, 0, 1, 1, 1),
      time: 3,
      beta: 0.1,
      estimator: "k1",
    });
    expect(rewards[0]).toBeCloseTo(1 - 0.1 * 1.5, 6);
    expect(rewards[1]).toBe(0.5);
  });
});
