import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { type CurriculumState, startCurriculum } from "../../src/rl/curriculum.ts";
import { DEFAULT_DIFFICULTY, type DifficultyStrategy } from "../../src/rl/difficulty.ts";
import {
  DEFAULT_PREFIX,
  imposableTokens,
  type PrefixBatch,
  type PrefixDraw,
  type PrefixOptions,
  prefixLengths,
} from "../../src/rl/prefix.ts";

const draws: ReadonlyArray<PrefixDraw> = ["jitter", "fixed", "binomial", "uniform"];
const difficulties: ReadonlyArray<DifficultyStrategy> = [
  "confidence",
  "none",
  "unhinted-success",
  "ladder",
];

const even = { ...DEFAULT_DIFFICULTY, strategy: "none" } as const;
const hinted: PrefixOptions = { ...DEFAULT_PREFIX, hintDropout: 0 };
const at = (progress: number, change: Partial<CurriculumState> = {}): CurriculumState => ({
  ...startCurriculum(),
  progress,
  ...change,
});

/** `count` prompts with references of 21 tokens of which 15 may be shown. */
const uniformBatch = (count: number, change: Partial<PrefixBatch> = {}): PrefixBatch => ({
  ids: Array.from({ length: count }, (_, x) => `p${x}`),
  confidences: new Float32Array(count).fill(0.3),
  lengths: new Int32Array(count).fill(21),
  imposable: new Int32Array(count).fill(15),
  ...change,
});

describe("imposableTokens", () => {
  it("stops before the answer and never takes eos", () => {
    expect(imposableTokens(20, 14)).toBe(14);
    expect(imposableTokens(20)).toBe(19);
    expect(imposableTokens(20, 20)).toBe(19);
    expect(imposableTokens(0)).toBe(0);
  });
});

describe("prefixLengths", () => {
  it("judges difficulty among prompts with a reference alone", () => {
    const confidences = [0.2, 0.5, 0.8];
    const [alone, mixed] = [3, 6].map((count) => {
      const batch = uniformBatch(count, {
        confidences: [...confidences, 0, 0, 0].slice(0, count),
        lengths: [21, 21, 21, 0, 0, 0].slice(0, count),
      });
      return prefixLengths(at(0.4), batch, hinted, DEFAULT_DIFFICULTY, stream(1, "mixed"));
    });
    expect([...mixed!.ratios]).toEqual([...alone!.ratios, 0, 0, 0]);
    expect([...mixed!.lengths]).toEqual([...alone!.lengths, 0, 0, 0]);
  });

  it("never shows more than may be shown, under any strategy", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = stream(seed, "prefix");
      const lengths = Array.from({ length: 8 }, () => random.integer(30));
      const batch = uniformBatch(8, {
        confidences: lengths.map(random.uniform),
        lengths,
        imposable: lengths.map((length) => imposableTokens(length, random.integer(30))),
        ...(seed % 2 === 0 ? {} : { cuts: lengths.map(() => [3, 7, 12, 20, 28]) }),
      });
      const state = at(random.uniform(), {
        dead: { p1: true, p4: true },
        rungs: { p2: 3, p3: 1 },
        successes: { p5: 0.5 },
      });
      const options = { ...DEFAULT_PREFIX, maxRatio: 1, draw: random.pick(draws) };
      const difficulty = { ...DEFAULT_DIFFICULTY, strategy: random.pick(difficulties), kappa: 2 };
      const result = prefixLengths(state, batch, options, difficulty, random);
      result.lengths.forEach((k, x) => {
        expect(k).toBeGreaterThanOrEqual(0);
        expect(k).toBeLessThanOrEqual(batch.imposable[x]!);
        expect(k).toBeLessThanOrEqual(Math.max(0, lengths[x]! - 1));
        if (batch.cuts !== undefined) expect([0, 3, 7, 12, 20, 28]).toContain(k);
        expect(result.ratios[x]).toBeGreaterThanOrEqual(0);
        expect(result.ratios[x]).toBeLessThanOrEqual(1);
      });
    }
  });

  it("shows nothing at P = 1, except to dead prompts", () => {
    for (const draw of draws) {
      for (const strategy of difficulties) {
        const state = at(1, { dead: { p2: true }, rungs: { p0: 3 } });
        const difficulty = { ...DEFAULT_DIFFICULTY, strategy };
        const { lengths, ratios } = prefixLengths(
          state,
          uniformBatch(4),
          { ...hinted, draw },
          difficulty,
          stream(1),
        );
        expect([...lengths]).toEqual([0, 0, 8, 0]);
        expect([...ratios]).toEqual([0, 0, Math.fround(0.4), 0]);
      }
    }
  });

  it("draws round(ρ (L − 1)(1 − 0.3 u)) by default", () => {
    const { lengths } = prefixLengths(at(0.5), uniformBatch(200), hinted, even, stream(2));
    const seen = new Set(lengths);
    expect([...seen].toSorted((a, b) => a - b)).toEqual([6, 7, 8]);
    const fixed = { ...hinted, draw: "fixed" } as const;
    const { lengths: exact } = prefixLengths(at(0.5), uniformBatch(3), fixed, even, stream(2));
    expect([...exact]).toEqual([8, 8, 8]);
  });

  it("draws whole pieces with the ratio as their mean", () => {
    const options = { ...hinted, draw: "binomial", maxRatio: 0.6 } as const;
    const batch = uniformBatch(2000, { imposable: new Int32Array(2000).fill(20) });
    const { lengths } = prefixLengths(at(0.5), batch, options, even, stream(3));
    expect([...new Set(lengths)].every((k) => k % 4 === 0)).toBe(true);
    const mean = lengths.reduce((sum, k) => sum + k, 0) / 2000;
    expect(mean / 20).toBeCloseTo(0.3, 1);
  });

  it("mixes all stages up to the present one", () => {
    const options = { ...hinted, draw: "uniform" } as const;
    const { lengths } = prefixLengths(at(0.75), uniformBatch(300), options, even, stream(4));
    expect([...new Set(lengths)].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });

  it("drops the hint with the given probability, for dead prompts too", () => {
    const ids = uniformBatch(2000).ids;
    const dead = Object.fromEntries(ids.map((id) => [id, true]));
    const batch = uniformBatch(2000);
    const { lengths, dropped } = prefixLengths(
      at(0, { dead }),
      batch,
      DEFAULT_PREFIX,
      even,
      stream(5),
    );
    const share = dropped.reduce((sum, flag) => sum + flag, 0) / 2000;
    expect(Math.abs(share - 0.15)).toBeLessThan(0.03);
    lengths.forEach((k, x) => {
      expect(k === 0).toBe(dropped[x] === 1);
    });
    const none = prefixLengths(
      at(0),
      batch,
      { ...DEFAULT_PREFIX, hintDropout: 1 },
      even,
      stream(5),
    );
    expect(none.lengths.every((k) => k === 0)).toBe(true);
  });

  it("ends at a cut: below, or above for a dead prompt that would otherwise get less", () => {
    const batch = uniformBatch(2, {
      cuts: [
        [3, 6, 10, 18],
        [3, 6, 10, 18],
      ],
    });
    const options = { ...hinted, draw: "fixed" } as const;
    const { lengths } = prefixLengths(
      at(0.5, { dead: { p1: true } }),
      batch,
      options,
      even,
      stream(6),
    );
    expect([...lengths]).toEqual([6, 10]);
    const late = uniformBatch(1, { cuts: [[18]] });
    const dead = at(1, { dead: { p0: true } });
    expect(prefixLengths(dead, late, options, even, stream(6)).lengths[0]).toBe(0);
  });

  it("repeats itself from an equal stream, and draws prompts independently of the state", () => {
    const draw = (state: CurriculumState) =>
      prefixLengths(state, uniformBatch(20), DEFAULT_PREFIX, DEFAULT_DIFFICULTY, stream(7, "step"));
    expect(draw(at(0.3))).toEqual(draw(at(0.3)));
    expect(draw(at(0.9)).dropped).toEqual(draw(at(0.1, { dead: { p0: true } })).dropped);
  });
});
