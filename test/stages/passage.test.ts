import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { startCurriculum } from "../../src/rl/curriculum.ts";
import { DEFAULT_PROGRESS } from "../../src/rl/progress.ts";
import { DEFAULT_TRANSITION } from "../../src/rl/transition.ts";
import {
  afterStep,
  isThrough,
  mostSteps,
  type Passage,
  type PassageOptions,
  startPassage,
} from "../../src/stages/passage.ts";

const options: PassageOptions = {
  ...{ ...DEFAULT_TRANSITION, maximumSteps: 12, familiarity: 0.6, probes: 3, fadeSteps: 4 },
  ...{ progress: DEFAULT_PROGRESS, probation: 6 },
};

/** Random training: familiarity, success (`least` or more) and progress come and go. */
function travel(seed: number, own: PassageOptions, least = 0): ReadonlyArray<Passage> {
  const random = stream(seed, "passage");
  const mood = random.uniform();
  const passed: Array<Passage> = [];
  let now = startPassage(startCurriculum(), own);
  while (!isThrough(now)) {
    const { progress } = now.curriculum;
    const curriculum = {
      ...now.curriculum,
      progress: random.uniform() < 0.1 ? Math.min(1, progress + 0.4) : progress,
      familiarity: random.uniform() ** mood,
      unhintedSuccess: Math.max(least, random.uniform() * mood),
    };
    const spread = random.uniform() < 0.3 ? {} : { zeroSpreadShare: random.uniform() };
    now = JSON.parse(JSON.stringify(afterStep(now, passed.length, { curriculum, ...spread }, own)));
    passed.push(now);
  }
  return passed;
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe.each(["gradual", "hard"] as const)("a passage in %s mode", (mode) => {
  const own = { ...options, mode };
  const all = seeds.map((seed) => travel(seed, own));

  it("ends within its most steps, its constraint gone, and says why", () => {
    for (const passed of all) {
      expect(passed.length).toBeLessThanOrEqual(mostSteps(own));
      expect(passed.at(-1)!.decision.reason).toBeDefined();
    }
    expect(Math.max(...all.map(({ length }) => length))).toBeGreaterThan(own.maximumSteps);
  });

  it("returns once at most, and only after as many lost probes in a row as it takes", () => {
    const returns = all.map(
      (passed) => new Set(passed.flatMap(({ returnedAfter = [] }) => returnedAfter)).size,
    );
    expect(new Set(returns)).toEqual(new Set([0, 1]));
    for (const passed of all) {
      const at = passed.findIndex(({ returnedAfter }) => returnedAfter !== undefined);
      if (at < 0) continue;
      expect(passed[at]!.returnedAfter).toBe(at + 1);
      expect(passed[at]!.curriculum.progress).toBe(0.5);
      // What made it return: every probe of the row was taken on probation and found too little.
      for (const { watching, curriculum } of passed.slice(at - own.probes, at)) {
        expect(watching).toBe(true);
        expect(curriculum.progress).toBe(1);
      }
      for (const { curriculum } of passed.slice(at - own.probes + 1, at + 1)) {
        expect(curriculum.unhintedSuccess).toBeLessThan(own.familiarity / 2);
      }
    }
  });

  it("stays free where enough succeeds, after exactly its probation", () => {
    for (const seed of seeds.slice(0, 50)) {
      const passed = travel(seed, own, own.familiarity / 2);
      expect(passed.some(({ returnedAfter }) => returnedAfter !== undefined)).toBe(false);
      expect(passed.filter(({ watching }) => watching)).toHaveLength(own.probation!);
    }
  });

  it("without a probation ends as soon as the gate opens", () => {
    for (const seed of seeds.slice(0, 50)) {
      const passed = travel(seed, { ...own, probation: null });
      expect(passed.map(({ decision }) => decision.open).indexOf(true)).toBe(passed.length - 1);
      expect(passed.some(({ watching }) => watching)).toBe(false);
      expect(passed.length).toBeLessThanOrEqual(own.maximumSteps);
    }
  });
});
