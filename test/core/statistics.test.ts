import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import {
  mean,
  meanInterval,
  retention,
  scoreRetention,
  wilson,
} from "../../src/core/statistics.ts";

/** Outcomes from the four counts of a paired table. */
function paired(both: number, onlyAfter: number, onlyBefore: number, neither: number) {
  const list = (counts: ReadonlyArray<readonly [number, boolean]>) =>
    counts.flatMap(([count, right]) => Array<boolean>(count).fill(right));
  const before = list([
    [both, true],
    [onlyAfter, false],
    [onlyBefore, true],
    [neither, false],
  ]);
  const after = list([
    [both, true],
    [onlyAfter, true],
    [onlyBefore, false],
    [neither, false],
  ]);
  return retention(before, after);
}

it("means", () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(mean([])).toBeNaN();
});

describe("wilson", () => {
  it("equals Newcombe 1998, table I, method 3", () => {
    const rounded = (k: number, n: number) => {
      const { low, high } = wilson(k, n);
      return [low.toFixed(4), high.toFixed(4)];
    };
    expect(rounded(81, 263)).toEqual(["0.2553", "0.3662"]);
    expect(rounded(15, 148)).toEqual(["0.0624", "0.1605"]);
    expect(rounded(0, 20)).toEqual(["0.0000", "0.1611"]);
    expect(rounded(1, 29)).toEqual(["0.0061", "0.1718"]);
  });

  it("is symmetric in successes and failures and stays in [0, 1]", () => {
    for (const [k, n] of [
      [0, 1],
      [3, 10],
      [10, 10],
      [349, 350],
    ] as const) {
      const [one, other] = [wilson(k, n), wilson(n - k, n)];
      expect(one.low).toBeCloseTo(1 - other.high, 12);
      expect(one.estimate).toBe(k / n);
      expect(one.low).toBeGreaterThanOrEqual(0);
      expect(one.high).toBeLessThanOrEqual(1);
    }
  });
});

describe("retention", () => {
  it("equals the Bonett–Price intervals of R's contingencytables", () => {
    const { estimate, low, high } = paired(59, 6, 16, 80);
    expect([estimate, low, high].map((one) => one.toFixed(4))).toEqual([
      "0.8667",
      "0.7579",
      "0.9910",
    ]);
  });

  it("has width where every outcome agrees, less with more items", () => {
    const [few, many] = [paired(50, 0, 0, 0), paired(340, 0, 0, 10)];
    expect([few.estimate, many.estimate]).toEqual([1, 1]);
    expect(many.low).toBeGreaterThan(few.low);
    expect(many.low).toBeLessThan(1);
    expect(many.high).toBeGreaterThan(1);
  });

  it("turns round when before and after change places", () => {
    const [there, back] = [paired(60, 10, 20, 5), paired(60, 20, 10, 5)];
    expect(there.estimate).toBeCloseTo(1 / back.estimate, 12);
    expect(there.low).toBeCloseTo(1 / back.high, 12);
  });

  it("is open where nothing was right before, zero where nothing is right after", () => {
    expect(paired(0, 5, 0, 5)).toEqual({
      estimate: Number.NaN,
      low: 0,
      high: Number.POSITIVE_INFINITY,
    });
    expect(paired(0, 0, 8, 2)).toMatchObject({ estimate: 0, low: 0 });
  });

  it("refuses lists of different length", () => {
    expect(() => retention([true], [])).toThrow("pairs 1 outcomes with 0");
  });
});

describe("meanInterval", () => {
  it("is mean ∓ 1.96 standard errors", () => {
    const { estimate, low, high } = meanInterval([0, 0.5, 1, 0.5]);
    expect(estimate).toBe(0.5);
    expect(high - low).toBeCloseTo((2 * 1.959964 * Math.sqrt(0.5 / 3)) / 2, 5);
    expect(meanInterval([0.3])).toEqual({ estimate: 0.3, low: 0.3, high: 0.3 });
  });
});

describe("scoreRetention", () => {
  it("is the ratio of means, without width where every score is kept in proportion", () => {
    const before = [0, 0.3, 0.9, 1];
    const half = before.map((score) => score / 2);
    const kept = scoreRetention(before, half);
    expect(kept.estimate).toBeCloseTo(0.5, 12);
    expect(kept.high - kept.low).toBeCloseTo(0, 12);
    expect(scoreRetention(before, [0, 0, 0, 0])).toEqual({ estimate: 0, low: 0, high: 0 });
    expect(scoreRetention([0], [1]).estimate).toBeNaN();
    expect(() => scoreRetention([1], [])).toThrow("pairs 1 scores with 0");
  });

  it("covers the true ratio about 95 times in 100", () => {
    const random = stream(1, "score-retention");
    let covered = 0;
    for (let round = 0; round < 2000; round++) {
      const before = Array.from({ length: 200 }, () => Math.round(random.uniform() * 10) / 10);
      const after = before.map((score) => (random.uniform() < 0.8 ? score : 0));
      const { low, high } = scoreRetention(before, after);
      if (low <= 0.8 && 0.8 <= high) covered++;
    }
    expect(covered / 2000).toBeGreaterThan(0.93);
    expect(covered / 2000).toBeLessThan(0.97);
  });
});
