import { describe, expect, it } from "vitest";
import { groupRelative } from "../../src/rl/advantage.ts";
import { countTotals, withoutTruncated } from "../../src/rl/aggregation.ts";
import { imitationLoss } from "../../src/rl/imitation.ts";
import {
  DEFAULT_POLICY_LOSS,
  NAMED_LOSSES,
  type PolicyBatch,
  type PolicyLossOptions,
  policyLoss,
} from "../../src/rl/objective.ts";
import { randomBatch } from "./policy-batch.ts";

const kinds = ["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo"] as const;
const levels = ["token", "sequence"] as const;
const every = kinds.flatMap((kind) => levels.map((level) => ({ kind, level })));

function optionsOf(change: Partial<PolicyLossOptions>): PolicyLossOptions {
  const cispo = change.kind === "cispo" ? { epsilonHigh: 5 } : {};
  return { ...DEFAULT_POLICY_LOSS, beta: 0.1, ...cispo, ...change };
}

/** Central difference of the loss by each log-probability; `frozen` keeps every ratio as it is. */
function slopes(options: PolicyLossOptions, batch: PolicyBatch, frozen = false): Float32Array {
  return batch.logprobs.map((_, i) => {
    const [up, down] = [2 ** -10, -(2 ** -10)].map((h) => {
      const logprobs = batch.logprobs.slice();
      const oldLogprobs = batch.oldLogprobs.slice();
      logprobs[i]! += h;
      if (frozen) oldLogprobs[i]! += logprobs[i]! - batch.logprobs[i]!;
      return {
        x: logprobs[i]!,
        loss: policyLoss(options, { ...batch, logprobs, oldLogprobs }).loss,
      };
    });
    return (up!.loss - down!.loss) / (up!.x - down!.x);
  });
}

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance);
  });
}

const zeros = (values: Float32Array) => values.every((value) => value === 0);

describe.each(every)("policyLoss $kind at $level level", ({ kind, level }) => {
  it("has the gradient that finite differences find", () => {
    for (const klEstimator of ["k1", "k2", "k3"] as const) {
      for (const extra of [{}, { delta: 1.5 }, { klImportance: kind !== "cispo" }]) {
        const options = optionsOf({ kind, level, klEstimator, ...extra });
        const batch = randomBatch(every.findIndex((e) => e.kind === kind && e.level === level));
        const { gradient } = policyLoss(options, batch);
        expectClose(gradient, slopes(options, batch, kind === "cispo"), 2e-4);
      }
    }
  });

  it("moves nothing when all advantages are 0 and there is no penalty", () => {
    const batch = { ...randomBatch(3), advantages: new Float32Array(4) };
    const { loss, gradient } = policyLoss(optionsOf({ kind, level, beta: 0 }), batch);
    expect(Math.abs(loss)).toBe(0);
    expect(zeros(gradient)).toBe(true);
  });

  it("gives imposed and padded tokens exactly no gradient, whatever they and A are", () => {
    const batch = randomBatch(4);
    const logprobs = batch.logprobs.map((value, i) => (batch.mask[i] ? value : Number.NaN));
    const advantages = batch.advantages.map((value) => 1e6 * value);
    const { gradient, loss } = policyLoss(optionsOf({ kind, level }), {
      ...batch,
      logprobs,
      advantages,
    });
    expect(Number.isFinite(loss)).toBe(true);
    expect(zeros(gradient.filter((_, i) => batch.mask[i] === 0))).toBe(true);
  });

  it("is the same with a masked prefix in front as without it", () => {
    const batch = randomBatch(5);
    const widen = <A extends Float32Array | Uint8Array>(values: A, filler: number): A => {
      const wide = new (values.constructor as new (n: number) => A)(batch.rows * (batch.time + 2));
      wide.fill(filler);
      values.forEach((value, i) => {
        wide[Math.floor(i / batch.time) * (batch.time + 2) + 2 + (i % batch.time)] = value;
      });
      return wide;
    };
    const options = optionsOf({ kind, level });
    const plain = policyLoss(options, batch);
    const imposed = policyLoss(options, {
      ...batch,
      time: batch.time + 2,
      logprobs: widen(batch.logprobs, -9),
      oldLogprobs: widen(batch.oldLogprobs, -1),
      referenceLogprobs: widen(batch.referenceLogprobs, -3),
      mask: widen(batch.mask, 0),
    });
    expect(imposed.loss).toBe(plain.loss);
    expect(imposed.stats).toEqual(plain.stats);
    expect(imposed.gradient).toEqual(widen(plain.gradient, 0));
  });

  it("adds micro-batches up to the whole batch when they share its totals", () => {
    const batch = randomBatch(6);
    const options = optionsOf({ kind, level });
    const whole = policyLoss(options, batch);
    const totals = countTotals(batch.mask, batch);
    const halves = [0, 1].map((half) => {
      const rows = <A extends Float32Array | Uint8Array>(values: A, width: number) =>
        values.slice(half * 2 * width, (half + 1) * 2 * width) as A;
      return policyLoss(options, {
        ...batch,
        rows: 2,
        logprobs: rows(batch.logprobs, batch.time),
        oldLogprobs: rows(batch.oldLogprobs, batch.time),
        referenceLogprobs: rows(batch.referenceLogprobs, batch.time),
        mask: rows(batch.mask, batch.time),
        advantages: rows(batch.advantages, 1),
        totals,
      });
    });
    expect(halves[0]!.loss + halves[1]!.loss).toBeCloseTo(whole.loss, 10);
    expect([...halves[0]!.gradient, ...halves[1]!.gradient]).toEqual([...whole.gradient]);
  });

  it("leaves excluded groups out of numerator and denominator", () => {
    const batch = randomBatch(7);
    const options = optionsOf({ kind, level });
    const excluded = policyLoss(options, { ...batch, excludeGroups: [1, 0] });
    const rest = policyLoss(options, {
      ...batch,
      rows: 2,
      logprobs: batch.logprobs.slice(2 * batch.time),
      oldLogprobs: batch.oldLogprobs.slice(2 * batch.time),
      referenceLogprobs: batch.referenceLogprobs.slice(2 * batch.time),
      mask: batch.mask.slice(2 * batch.time),
      advantages: batch.advantages.slice(2),
    });
    expect(excluded.loss).toBe(rest.loss);
    expect(excluded.stats).toEqual(rest.stats);
    expect(zeros(excluded.gradient.subarray(0, 2 * batch.time))).toBe(true);
    expect(excluded.gradient.slice(2 * batch.time)).toEqual(rest.gradient);
  });
});

describe("policyLoss", () => {
  it("is the policy gradient −A/N per token on fresh samples", () => {
    const { logprobs, ...batch } = randomBatch(8);
    const fresh = { ...batch, logprobs, oldLogprobs: logprobs };
    const { gradient, stats } = policyLoss(optionsOf({ kind: "dapo", beta: 0 }), fresh);
    expect(stats.meanRatio).toBe(1);
    expect(stats.clipFraction).toBe(0);
    gradient.forEach((value, i) => {
      const wanted = batch.mask[i]
        ? -batch.advantages[Math.floor(i / batch.time)]! / stats.tokens
        : 0;
      expect(value).toBeCloseTo(wanted, 7);
    });
  });

  it("stops pushing a token beyond the clip, and still pulls it back", () => {
    const one = (ratio: number, advantage: number, delta?: number) =>
      policyLoss(optionsOf({ kind: "grpo", beta: 0, ...(delta === undefined ? {} : { delta }) }), {
        rows: 1,
        time: 1,
        logprobs: Float32Array.of(Math.log(ratio) - 1),
        oldLogprobs: Float32Array.of(-1),
        mask: [1],
        advantages: Float32Array.of(advantage),
        maxCompletionLength: 1,
      });
    expect(Math.abs(one(1.4, 1).gradient[0]!)).toBe(0);
    expect(one(1.4, 1).stats.clipFraction).toBe(1);
    expect(Math.abs(one(0.7, -1).gradient[0]!)).toBe(0);
    expect(one(1.4, -1).gradient[0]).toBeCloseTo(1.4, 5);
    expect(one(0.7, 1).gradient[0]).toBeCloseTo(-0.7, 5);
    expect(one(4, -1).loss).toBeCloseTo(4, 5);
    expect(one(4, -1, 1.5).loss).toBeCloseTo(1.5, 5);
    expect(Math.abs(one(4, -1, 1.5).gradient[0]!)).toBe(0);
  });

  it("keeps zero-spread groups' tokens in the denominator unless they are excluded", () => {
    const batch = randomBatch(9);
    const { advantages, zeroSpread } = groupRelative(Float32Array.of(0, 0, 1, 0), {
      group: 2,
      scale: "group",
      epsilon: 1e-4,
    });
    const options = optionsOf({ kind: "dapo", beta: 0 });
    const kept = policyLoss(options, { ...batch, advantages });
    const left = policyLoss(options, { ...batch, advantages, excludeGroups: zeroSpread });
    expect(left.stats.tokens).toBeLessThan(kept.stats.tokens);
    expect(left.loss * left.stats.tokens).toBeCloseTo(kept.loss * kept.stats.tokens, 6);
  });

  it("is nothing when all is imposed: imitation alone is left, a weighted likelihood", () => {
    const batch = { ...randomBatch(10), mask: new Uint8Array(24) };
    const { loss, gradient, stats } = policyLoss(optionsOf({}), batch);
    expect(loss).toBe(0);
    expect(zeros(gradient)).toBe(true);
    expect(stats).toEqual({ kl: 0, clipFraction: 0, meanRatio: 0, tokens: 0 });
    const imitation = imitationLoss(
      { strategy: "uniform", weight: 1, threshold: 1, topShare: 1, shape: 1, rescueShare: 1 },
      {
        rows: 4,
        time: 6,
        logprobs: batch.logprobs,
        imitated: [6, 6, 6, 6],
        lengths: [6, 6, 6, 6],
        weights: [1, 1, 0.5, 0],
      },
    );
    const rows = [1, 1, 0.5, 0].map(
      (w, x) => -w * batch.logprobs.subarray(6 * x, 6 * x + 6).reduce((a, b) => a + b, 0),
    );
    expect(imitation.loss).toBeCloseTo(rows.reduce((a, b) => a + b, 0) / 24, 6);
  });

  it("switches the reward term, not the penalty, off where surrogateMask says so", () => {
    const batch = randomBatch(11);
    const off = policyLoss(optionsOf({}), { ...batch, surrogateMask: new Uint8Array(24) });
    const penalty = policyLoss(optionsOf({}), { ...batch, advantages: new Float32Array(4) });
    expect(off.loss).toBeCloseTo(penalty.loss, 10);
    expect(off.gradient).toEqual(penalty.gradient);
  });

  it("measures the KL even when it is not penalised", () => {
    const batch = randomBatch(12);
    const free = policyLoss(optionsOf({ beta: 0 }), batch);
    expect(free.stats.kl).toBeGreaterThan(0);
    expect(free.stats.kl).toBe(policyLoss(optionsOf({ beta: 1 }), batch).stats.kl);
  });

  it("refuses arrays that do not fit, and a penalty without reference", () => {
    const batch = randomBatch(13);
    const short = { ...batch, mask: new Uint8Array(3) };
    expect(() => policyLoss(optionsOf({}), short)).toThrow("mask has 3 values, expected 24");
    expect(() => policyLoss(optionsOf({}), { ...batch, excludeGroups: [0, 0, 0] })).toThrow(
      RangeError,
    );
    const { referenceLogprobs: _, ...bare } = batch;
    expect(() => policyLoss(optionsOf({}), bare)).toThrow("referenceLogprobs");
  });

  it("forms gspo as a sequence ratio with a narrow clip", () => {
    const batch = randomBatch(14);
    const gspo = policyLoss({ ...DEFAULT_POLICY_LOSS, ...NAMED_LOSSES.gspo }, batch);
    const wide = policyLoss(optionsOf({ kind: "grpo", level: "sequence", beta: 0.02 }), batch);
    expect(gspo.stats.meanRatio).toBe(wide.stats.meanRatio);
    expect(gspo.stats.clipFraction).toBeGreaterThan(wide.stats.clipFraction);
  });
});

describe("withoutTruncated", () => {
  it("clears the rows that were cut off", () => {
    expect([...withoutTruncated([1, 1, 1, 0, 1, 1], [0, 1, 0], 2)]).toEqual([1, 1, 0, 0, 1, 1]);
  });
});
