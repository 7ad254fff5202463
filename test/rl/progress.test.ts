import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { type CurriculumState, startCurriculum } from "../../src/rl/curriculum.ts";
import {
  advanceProgress,
  DEFAULT_PROGRESS,
  type ProgressStrategy,
  returnToConstraint,
} from "../../src/rl/progress.ts";

const strategies: ReadonlyArray<ProgressStrategy> = [
  "familiarity",
  "linear",
  "cosine",
  "threshold",
  "reverse",
  "none",
];

function run(
  strategy: ProgressStrategy,
  steps: number,
  familiarity: (t: number) => number,
): ReadonlyArray<CurriculumState> {
  const states: Array<CurriculumState> = [];
  let state = startCurriculum();
  for (let t = 0; t < steps; t++) {
    state = advanceProgress(
      { ...state, familiarity: familiarity(t) },
      { ...DEFAULT_PROGRESS, strategy, duration: 100 },
    );
    states.push(state);
  }
  return states;
}

describe.each(strategies)("advanceProgress %s", (strategy) => {
  it("never falls and stays in [0, 1], whatever familiarity does", () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = stream(seed, "progress");
      let last = 0;
      for (const { progress } of run(strategy, 150, random.uniform)) {
        expect(progress).toBeGreaterThanOrEqual(last);
        expect(progress).toBeLessThanOrEqual(1);
        last = progress;
      }
    }
  });
});

describe("advanceProgress", () => {
  const progressAt = (strategy: ProgressStrategy, step: number, familiarity = 0) =>
    run(strategy, step, () => familiarity)[step - 1]!.progress;

  it("integrates familiarity, and needs the minimum of steps at full familiarity", () => {
    expect(progressAt("familiarity", 59, 0.9)).toBeLessThan(1);
    expect(progressAt("familiarity", 60, 0.9)).toBe(1);
    expect(progressAt("familiarity", 500, 0.2)).toBe(0);
    expect(progressAt("familiarity", 120, 0.475)).toBe(1);
    expect(progressAt("familiarity", 30, 0.475)).toBeCloseTo(0.25, 9);
  });

  it("reaches the end where a threshold sticks", () => {
    expect(progressAt("threshold", 500, 0.64)).toBeCloseTo(0.8, 9);
    expect(progressAt("familiarity", 500, 0.64)).toBe(1);
  });

  it("follows the clock", () => {
    expect(progressAt("linear", 25)).toBe(0.25);
    expect(progressAt("linear", 100)).toBe(1);
    expect(progressAt("cosine", 50)).toBeCloseTo(0.5, 12);
    expect(progressAt("cosine", 25)).toBeCloseTo((1 - Math.SQRT1_2) / 2, 12);
    expect(progressAt("cosine", 100)).toBe(1);
    expect([19, 20, 39, 40, 99, 100].map((t) => progressAt("reverse", t))).toEqual([
      0, 0.2, 0.2, 0.4, 0.8, 1,
    ]);
    expect(progressAt("none", 1000, 1)).toBe(0);
  });

  it("fades to the end in the steps given, under every strategy", () => {
    for (const strategy of strategies) {
      const options = { ...DEFAULT_PROGRESS, strategy };
      let state = startCurriculum();
      for (let t = 0; t < 10; t++) state = advanceProgress(state, options, 10);
      expect(state.progress).toBe(1);
    }
  });

  it("goes back on request and climbs again from there", () => {
    for (const strategy of ["linear", "cosine", "familiarity"] as const) {
      const options = { ...DEFAULT_PROGRESS, strategy, duration: 100 };
      const end = run(strategy, 130, () => 1)[129]!;
      expect(end.progress).toBe(1);
      const back = returnToConstraint(end, options);
      expect(back.progress).toBe(0.5);
      const next = advanceProgress(back, options).progress;
      expect(next).toBeGreaterThan(0.5);
      expect(next).toBeLessThan(0.6);
    }
  });
});
