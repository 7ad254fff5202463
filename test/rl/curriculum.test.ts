import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import {
  type CurriculumState,
  DEFAULT_MEMORY,
  recordGroups,
  startCurriculum,
} from "../../src/rl/curriculum.ts";
import { DEFAULT_DIFFICULTY } from "../../src/rl/difficulty.ts";
import { DEFAULT_FAMILIARITY, observeFamiliarity } from "../../src/rl/familiarity.ts";
import { DEFAULT_PREFIX, prefixLengths } from "../../src/rl/prefix.ts";
import { advanceProgress, DEFAULT_PROGRESS } from "../../src/rl/progress.ts";

const record = (state: CurriculumState, id: string, success: number, unhinted = false) =>
  recordGroups(state, [{ id, success, unhinted }], DEFAULT_MEMORY);

describe("recordGroups", () => {
  it("keeps a prompt dead until it has a success", () => {
    let state = record(startCurriculum(), "a", 0);
    expect(state.dead).toEqual({ a: true });
    state = record(state, "b", 0.125);
    expect(state.dead).toEqual({ a: true });
    expect(record(state, "a", 0.125).dead).toEqual({});
  });

  it("climbs the ladder by failures and comes down by successes, within its ends", () => {
    let state = startCurriculum();
    for (let i = 0; i < 6; i++) state = record(state, "a", 0);
    expect(state.rungs.a).toBe(DEFAULT_MEMORY.topRung);
    expect(record(state, "a", 1).rungs.a).toBe(DEFAULT_MEMORY.topRung - 1);
    for (let i = 0; i < 6; i++) state = record(state, "a", 1);
    expect(state.rungs.a).toBe(0);
  });

  it("averages success of unhinted groups only", () => {
    let state = record(startCurriculum(), "a", 1, false);
    expect(state.successes).toEqual({});
    state = record(record(state, "a", 1, true), "a", 0.5, true);
    expect(state.successes.a).toBe(0.75);
  });

  it("leaves the state it was given alone", () => {
    const state = startCurriculum();
    record(state, "a", 0);
    expect(state).toEqual(startCurriculum());
  });
});

describe("the curriculum as a state machine", () => {
  const step = (state: CurriculumState, t: number): CurriculumState => {
    const random = stream(5, "curriculum", t);
    const ids = Array.from({ length: 6 }, () => `prompt-${random.integer(20)}`);
    const confidences = ids.map(() => random.uniform());
    const observed = advanceProgress(
      observeFamiliarity(state, confidences, DEFAULT_FAMILIARITY),
      DEFAULT_PROGRESS,
    );
    const { lengths, dropped } = prefixLengths(
      observed,
      { ids, confidences, lengths: ids.map(() => 20), imposable: ids.map(() => 15) },
      DEFAULT_PREFIX,
      DEFAULT_DIFFICULTY,
      random,
    );
    const outcomes = ids.map((id, x) => ({
      id,
      success: random.uniform() < lengths[x]! / 20 ? 0.5 : 0,
      unhinted: dropped[x] === 1,
    }));
    return recordGroups(observed, outcomes, DEFAULT_MEMORY);
  };

  it("goes on after a JSON round trip exactly as without", () => {
    let whole = startCurriculum();
    for (let t = 0; t < 40; t++) whole = step(whole, t);
    let broken = startCurriculum();
    for (let t = 0; t < 40; t++) broken = JSON.parse(JSON.stringify(step(broken, t)));
    expect(broken).toEqual(whole);
    expect(whole.progress).toBeGreaterThan(0);
    expect(Object.keys(whole.dead).length).toBeGreaterThan(0);
  });
});
