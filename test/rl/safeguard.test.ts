import { describe, expect, it } from "vitest";
import {
  CALM,
  clipFactor,
  DEFAULT_SAFEGUARD,
  judgeStep,
  type SafeguardState,
  type StepVerdict,
} from "../../src/rl/safeguard.ts";

function judge(norms: ReadonlyArray<number>, start: SafeguardState = CALM): StepVerdict {
  let verdict: StepVerdict = { state: start, verdict: "apply" };
  for (const gradientNorm of norms) {
    verdict = judgeStep(verdict.state, { loss: 0.1, gradientNorm }, DEFAULT_SAFEGUARD);
  }
  return verdict;
}

const settled = judge(Array.from({ length: 20 }, (_, i) => 1 + (i % 3) / 10)).state;

describe("judgeStep", () => {
  it("skips a step with a NaN gradient or an infinite loss", () => {
    expect(judge([Number.NaN])).toMatchObject({ verdict: "skip", reason: "non-finite" });
    const infinite = { loss: Number.POSITIVE_INFINITY, gradientNorm: 1 };
    expect(judgeStep(CALM, infinite, DEFAULT_SAFEGUARD).verdict).toBe("skip");
  });

  it("takes no norm for a spike that clipping tames, however small the usual ones are", () => {
    const vanishing = judge(Array.from({ length: 20 }, () => 1e-3)).state;
    expect(judge([0.9], vanishing).verdict).toBe("apply");
    expect(judge([11], vanishing)).toMatchObject({ verdict: "skip", reason: "spike" });
  });

  it("skips a spike over ten times the median, once there is a median to trust", () => {
    expect(judge([12], settled)).toMatchObject({ verdict: "skip", reason: "spike" });
    expect(judge([10], settled).verdict).toBe("apply");
    expect(judge([1, 1, 1000]).verdict).toBe("apply");
  });

  it("keeps refused and empty steps out of the median", () => {
    expect(judge([500, 0], settled).state.norms).toEqual(settled.norms);
  });

  it("calls a run of skipped steps a divergence, and forgets them after a good one", () => {
    const bad = Array.from({ length: DEFAULT_SAFEGUARD.patience }, () => Number.NaN);
    expect(judge(bad, settled).verdict).toBe("diverged");
    const rescued = judge([...bad.slice(1), 1, ...bad.slice(1)], settled);
    expect(rescued.verdict).toBe("skip");
    expect(rescued.state.skipped).toBe(2 * (DEFAULT_SAFEGUARD.patience - 1));
  });

  it("takes spikes one after the other for what is usual from then on", () => {
    const larger = Array.from({ length: DEFAULT_SAFEGUARD.patience }, (_, index) => 26 + index);
    expect(judge(larger.slice(1), settled).verdict).toBe("skip");
    const moved = judge(larger, settled);
    expect(moved.verdict).toBe("apply");
    expect(moved.state).toEqual({
      norms: larger,
      spikes: [],
      consecutive: 0,
      skipped: DEFAULT_SAFEGUARD.patience - 1,
    });
    // Ten norms again, and spikes are judged beside the new ones.
    const anew = judge([30, 25, 28, 31, 20], moved.state).state;
    expect(judge([200], anew).verdict).toBe("apply");
    expect(judge([300], anew)).toMatchObject({ verdict: "skip", reason: "spike" });
  });

  it("calls it a divergence when a step among the spikes is no number", () => {
    const bad = [26, Number.NaN, 26, 26, 26];
    expect(bad).toHaveLength(DEFAULT_SAFEGUARD.patience);
    expect(judge(bad, settled).verdict).toBe("diverged");
    expect(judge([26, Number.NaN, 26, 1, 26, 26], settled).verdict).toBe("skip");
  });

  it("remembers a window only, and survives JSON", () => {
    const long = judge(Array.from({ length: 200 }, () => 1)).state;
    expect(long.norms).toHaveLength(DEFAULT_SAFEGUARD.window);
    expect(judge([12], JSON.parse(JSON.stringify(settled)))).toEqual(judge([12], settled));
  });
});

describe("clipFactor", () => {
  it("brings long gradients to the bound and leaves short ones", () => {
    expect(clipFactor(4, 1)).toBe(0.25);
    expect(clipFactor(0.5, 1)).toBe(1);
    expect(clipFactor(0, 1)).toBe(1);
  });
});
