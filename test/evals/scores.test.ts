/** Scores of suites: known values, and laws of intervals, units, groups and retention. */
import { describe, expect, it } from "vitest";
import { retention, wilson } from "../../src/core/statistics.ts";
import { meanRetention, suiteRetention, suiteScore } from "../../src/evals/scores.ts";
import type { Outcome } from "../../src/evals/suite.ts";

const outcome = (score: number, more: Partial<Outcome> = {}): Outcome => ({
  ...{ answer: "A", truth: "A", score, groups: {}, unit: undefined, cut: false },
  ...more,
});
const detected = (answer: string | null, truth: string) =>
  outcome(answer === truth ? 1 : 0, { answer, truth });

describe("suiteScore", () => {
  it("is a share with Wilson's interval, by groups too", () => {
    const outcomes = [
      outcome(1, { groups: { category: "b" } }),
      outcome(0, { groups: { category: "a" }, answer: null, cut: true }),
      outcome(1, { groups: { category: "b", l2_category: "x" } }),
    ];
    const { estimate, low, high } = wilson(2, 3);
    const score = suiteScore("mmstar", outcomes);
    expect(score.accuracy).toEqual({ value: estimate, low, high, n: 3 });
    expect(score).toMatchObject({ unread: 1, cut: 1, measures: {} });
    expect(score.groups).toMatchObject({
      category: { a: { value: 0, n: 1 }, b: { value: 1, n: 2 } },
      l2_category: { x: { n: 1 } },
    });
    expect(Object.keys(score.groups.category!)).toEqual(["a", "b"]);
  });

  it("counts a question asked in several orders as one, right when all are", () => {
    const rows = [outcome(1, { unit: "1" }), outcome(0, { unit: "1" }), outcome(1, { unit: "2" })];
    const score = suiteScore("mmbench", [...rows, outcome(1, { unit: "2" })]);
    expect(score.accuracy).toMatchObject({ value: 0.5, n: 2 });
    expect(score.measures.rows).toMatchObject({ value: 0.75, n: 4 });
  });

  it("tells of POPE how yes is said: F1 is between precision and recall", () => {
    const said = [
      ...[detected("yes", "yes"), detected("yes", "yes"), detected("yes", "no")],
      ...[detected("no", "yes"), detected("no", "no"), detected(null, "no")],
    ];
    const { accuracy, measures } = suiteScore("pope", said);
    expect(accuracy.value).toBe(0.5);
    expect(measures.precision).toMatchObject({ value: 2 / 3, n: 3 });
    expect(measures.recall).toMatchObject({ value: 2 / 3, n: 3 });
    expect(measures.f1!.value).toBeCloseTo(2 / 3, 12);
    expect(measures.yes).toMatchObject({ value: 0.5, n: 6 });
    const uneven = suiteScore("pope", [...said, detected("no", "yes")]).measures;
    const [precision, recall] = [uneven.precision!.value, uneven.recall!.value];
    expect(uneven.f1!.value).toBeCloseTo((2 * precision * recall) / (precision + recall), 12);
    expect(uneven.f1!.low).toBeLessThan(uneven.f1!.value);
    expect(uneven.f1!.high).toBeGreaterThan(uneven.f1!.value);
    expect(suiteScore("pope", [detected("no", "no")]).measures).toMatchObject({
      ...{ precision: null, recall: null, f1: null, yes: { value: 0 } },
    });
  });

  it("is the mean of VQA's scores, its normal interval kept within bounds", () => {
    const { accuracy } = suiteScore("vqa", [outcome(0.3), outcome(0.6), outcome(0)]);
    expect(accuracy.value).toBeCloseTo(0.3, 12);
    expect(accuracy.low).toBeGreaterThanOrEqual(0);
    expect(suiteScore("vqa", [outcome(1), outcome(0.3)]).accuracy.high).toBe(1);
  });
});

describe("suiteRetention", () => {
  const outcomes = (scores: ReadonlyArray<number>) => scores.map((score) => outcome(score));

  it("is that of `evaluate` where answers are right or wrong", () => {
    const [before, after] = [
      [1, 1, 1, 0],
      [1, 0, 1, 1],
    ];
    const right = (scores: ReadonlyArray<number>) => scores.map((score) => score === 1);
    const { estimate, low, high } = retention(right(before), right(after));
    expect(suiteRetention("mmstar", outcomes(before), outcomes(after))).toEqual({
      ...{ value: estimate, low, high, n: 4 },
    });
  });

  it("is the ratio of means for VQA, and null where the base scored nothing", () => {
    const kept = suiteRetention("vqa", outcomes([1, 0.6]), outcomes([0.6, 0.2]));
    expect(kept!.value).toBeCloseTo(0.5, 12);
    expect(suiteRetention("vqa", outcomes([0, 0]), outcomes([1, 1]))).toBeNull();
    expect(suiteRetention("pope", outcomes([0]), outcomes([1]))).toBeNull();
  });

  it("is meant over suites that have one", () => {
    const one = (value: number) => ({ value, low: 0, high: 2, n: 1 });
    expect(meanRetention([one(1), null, one(0.5)])).toBe(0.75);
    expect(meanRetention([null])).toBeNull();
  });
});
