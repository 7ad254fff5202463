import { describe, expect, it } from "vitest";
import { startCurriculum } from "../../src/rl/curriculum.ts";
import {
  confidence,
  confidences,
  DEFAULT_FAMILIARITY,
  observeFamiliarity,
  observeUnhinted,
} from "../../src/rl/familiarity.ts";

describe("confidence", () => {
  it("is the geometric mean of the token probabilities", () => {
    expect(confidence([Math.log(0.25), Math.log(1)])).toBeCloseTo(0.5, 12);
    expect(confidence([])).toBe(0);
  });

  it("reads each reference up to its own length", () => {
    const logprobs = Float32Array.of(-1, -3, -99, 0, -99, -99);
    const [first, second] = confidences(logprobs, [2, 1], 3);
    expect(first).toBeCloseTo(Math.exp(-2), 6);
    expect(second).toBe(1);
  });
});

describe("observeFamiliarity", () => {
  it("moves towards the batch mean and settles there", () => {
    const once = observeFamiliarity(startCurriculum(), [0.4, 0.6], DEFAULT_FAMILIARITY);
    expect(once.familiarity).toBeCloseTo(0.1, 12);
    let state = startCurriculum({ familiarity: 0.9 });
    for (let i = 0; i < 200; i++) state = observeFamiliarity(state, [0.5], DEFAULT_FAMILIARITY);
    expect(state.familiarity).toBeCloseTo(0.5, 9);
  });

  it("stays where it is without references", () => {
    const state = startCurriculum({ familiarity: 0.3 });
    expect(observeFamiliarity(state, [], DEFAULT_FAMILIARITY)).toBe(state);
  });
});

describe("observeUnhinted", () => {
  it("averages group by group, so a batch is the same as its groups in turn", () => {
    const state = startCurriculum({ unhintedSuccess: 0.2 });
    const together = observeUnhinted(state, [1, 0.5], DEFAULT_FAMILIARITY);
    const inTurn = observeUnhinted(
      observeUnhinted(state, [1], DEFAULT_FAMILIARITY),
      [0.5],
      DEFAULT_FAMILIARITY,
    );
    expect(together).toEqual(inTurn);
    expect(together.unhintedSuccess).toBeCloseTo(0.95 * (0.95 * 0.2 + 0.05) + 0.025, 12);
    expect(together.familiarity).toBe(state.familiarity);
  });
});
