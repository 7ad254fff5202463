import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import {
  DEFAULT_IMITATION,
  IMITATION_WEIGHT,
  type ImitationBatch,
  type ImitationStrategy,
  imitatedLengths,
  imitationLoss,
  tokenWeights,
} from "../../src/rl/imitation.ts";

const strategies = Object.keys(IMITATION_WEIGHT) as ReadonlyArray<ImitationStrategy>;
const random = stream(1, "imitation");
const batch: ImitationBatch = {
  rows: 3,
  time: 5,
  logprobs: Float32Array.from({ length: 15 }, () => -3 * random.uniform() ** 3),
  imitated: [4, 2, 0],
  lengths: [5, 4, 5],
  weights: [1, 0.25, 1],
  entropies: Float32Array.from({ length: 15 }, random.uniform),
};

const optionsOf = (strategy: ImitationStrategy) => ({ ...DEFAULT_IMITATION, strategy });

describe.each(strategies)("imitationLoss %s", (strategy) => {
  const options = optionsOf(strategy);

  it("has the gradient of its likelihood with the token weights held", () => {
    const omega = tokenWeights(options, batch);
    const held = (logprobs: Float32Array) =>
      -omega.reduce((sum, weight, i) => {
        return sum + (batch.weights[Math.floor(i / 5)]! * weight * logprobs[i]!) / 14;
      }, 0);
    const { loss, gradient } = imitationLoss(options, batch);
    expect(loss).toBeCloseTo(held(batch.logprobs), 6);
    gradient.forEach((value, i) => {
      const [up, down] = [0.125, -0.125].map((h) =>
        held(batch.logprobs.map((logprob, j) => (i === j ? logprob + h : logprob))),
      );
      expect(value).toBeCloseTo((up! - down!) / 0.25, 5);
    });
  });

  it("touches nothing behind the imitated part", () => {
    const { gradient } = imitationLoss(options, batch);
    for (const i of [4, 7, 8, 9, 10, 14]) expect(gradient[i]).toBe(0);
  });

  it("is exactly nothing once P = 1", () => {
    const imitated = imitatedLengths(
      {
        progress: 1,
        prefixes: [4, 2, 3],
        successes: [0, 0.5, 1],
        lengths: [5, 4, 5],
        imposable: [4, 3, 4],
      },
      options,
    );
    const { loss, gradient, tokens, activeShare } = imitationLoss(options, { ...batch, imitated });
    expect([loss, tokens, activeShare]).toEqual([0, 0, 0]);
    expect(gradient.every((value) => value === 0)).toBe(true);
  });

  it("adds micro-batches up to the whole when they share the total length", () => {
    const whole = imitationLoss(options, batch);
    const alone = imitationLoss(options, { ...batch, weights: [1, 0, 0], totalLength: 14 });
    const other = imitationLoss(options, { ...batch, weights: [0, 0.25, 1], totalLength: 14 });
    expect(alone.loss + other.loss).toBeCloseTo(whole.loss, 10);
  });
});

describe("tokenWeights", () => {
  const at = (strategy: ImitationStrategy, probability: number) =>
    tokenWeights(optionsOf(strategy), {
      rows: 1,
      time: 1,
      logprobs: Float32Array.of(Math.log(probability)),
      imitated: [1],
      lengths: [1],
      weights: [1],
    })[0]!;

  it("gates known tokens out", () => {
    expect(at("gated", 0.94)).toBe(1);
    expect(at("gated", 0.96)).toBe(0);
  });

  it("fades at both ends with p(1-p)", () => {
    expect(at("p(1-p)", 0.5)).toBeCloseTo(0.25, 6);
    expect(at("p(1-p)", 0.01)).toBeCloseTo(0.0099, 6);
    expect(at("p(1-p)", 0.99)).toBeCloseTo(0.0099, 6);
  });

  it("is the slope of LUFFY's shaped probability", () => {
    const shaped = (logprob: number) => Math.exp(logprob) / (Math.exp(logprob) + 0.1);
    for (const p of [0.02, 0.1, 0.4, 0.9]) {
      const slope = (shaped(Math.log(p) + 1e-5) - shaped(Math.log(p) - 1e-5)) / 2e-5;
      expect(at("luffy", p)).toBeCloseTo(slope, 5);
    }
  });

  it("weighs all alike or none", () => {
    expect(at("uniform", 0.3)).toBe(1);
    expect(at("none", 0.3)).toBe(0);
  });

  it("takes the most uncertain imposed tokens, and asks for entropies", () => {
    const omega = tokenWeights({ ...optionsOf("entropy-top"), topShare: 0.3 }, batch);
    const imposed = [0, 1, 2, 3, 5, 6];
    const top = imposed.toSorted((a, b) => batch.entropies![b]! - batch.entropies![a]!);
    expect([...omega.keys()].filter((i) => omega[i] === 1)).toEqual(
      top.slice(0, 2).toSorted((a, b) => a - b),
    );
    const { entropies: _, ...bare } = batch;
    expect(() => tokenWeights(optionsOf("entropy-top"), bare)).toThrow("entropies");
  });
});

describe("imitationLoss", () => {
  it("reports how many imitated tokens count", () => {
    const logprobs = Float32Array.of(-0.01, -1, -1, -0.01, 0);
    const { tokens, activeShare } = imitationLoss(DEFAULT_IMITATION, {
      rows: 1,
      time: 5,
      logprobs,
      imitated: [4],
      lengths: [5],
      weights: [0.5],
    });
    expect(tokens).toBe(4);
    expect(activeShare).toBe(0.5);
  });

  it("leaves groups that always succeed alone", () => {
    const { loss, gradient } = imitationLoss(DEFAULT_IMITATION, { ...batch, weights: [0, 0, 0] });
    expect(loss).toBe(0);
    expect(gradient.every((value) => value === 0)).toBe(true);
  });
});

describe("imitatedLengths", () => {
  it("goes further where a group had no success, within what may be shown", () => {
    const input = {
      progress: 0.5,
      prefixes: [3, 3, 3, 12],
      successes: [0.5, 0, 0, 0],
      lengths: [16, 16, 16, 16],
      imposable: [15, 15, 10, 13],
    };
    expect([...imitatedLengths(input, { rescueShare: 0.8 })]).toEqual([3, 12, 10, 12]);
  });
});
