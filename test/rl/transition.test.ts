import { describe, expect, it } from "vitest";
import {
  CLOSED_GATE,
  DEFAULT_TRANSITION,
  type GateDecision,
  gate,
  type Probe,
  regress,
  type TransitionOptions,
  type TransitionState,
} from "../../src/rl/transition.ts";

const unfamiliar: Probe = {
  step: 1,
  progress: 0.3,
  familiarity: 0.2,
  unhintedSuccess: 0.1,
  zeroSpreadShare: 0.9,
};
const familiar: Probe = { ...unfamiliar, familiarity: 0.7, zeroSpreadShare: 0.4 };
const { zeroSpreadShare: _, ...unmeasured } = familiar;
const hard: TransitionOptions = { ...DEFAULT_TRANSITION, mode: "hard" };

function decide(
  probes: ReadonlyArray<Probe>,
  options: TransitionOptions,
  start: TransitionState = CLOSED_GATE,
): ReadonlyArray<GateDecision> {
  let state = start;
  return probes.map((probe) => {
    const decision = gate(state, probe, options);
    state = JSON.parse(JSON.stringify(decision.state));
    return decision;
  });
}

const opens = (probes: ReadonlyArray<Probe>, options: TransitionOptions) =>
  decide(probes, options).map(({ open }) => open);

describe("gate", () => {
  it("opens when the constraint is gone", () => {
    const decision = gate(CLOSED_GATE, { ...unfamiliar, progress: 1 }, DEFAULT_TRANSITION);
    expect(decision).toMatchObject({ open: true, reason: "progress" });
    expect(decision.evidence.progress).toBe(1);
  });

  it("opens hard on three familiar probes in a row, not on three in all", () => {
    expect(opens([familiar, familiar, familiar], hard)).toEqual([false, false, true]);
    expect(opens([familiar, familiar, unfamiliar, familiar], hard)).not.toContain(true);
    expect(opens([familiar, familiar, { ...familiar, zeroSpreadShare: 0.6 }], hard)[2]).toBe(false);
    expect(decide([familiar, familiar, familiar], hard)[2]!.reason).toBe("familiarity");
  });

  it("lets a probe without unhinted groups neither count nor break the row", () => {
    expect(opens([familiar, unmeasured, familiar, familiar], hard)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it("fades first in gradual mode, and opens when that is done", () => {
    const decisions = decide(
      [familiar, familiar, familiar, unfamiliar, { ...familiar, progress: 1 }],
      DEFAULT_TRANSITION,
    );
    expect(decisions.map(({ open }) => open)).toEqual([false, false, false, false, true]);
    expect(decisions.map(({ state }) => state.fading)).toEqual([false, false, true, true, true]);
    expect(decisions[4]!.reason).toBe("familiarity");
  });

  it("opens at the time limit in any case", () => {
    const late = { ...unfamiliar, step: DEFAULT_TRANSITION.maximumSteps };
    expect(gate(CLOSED_GATE, late, DEFAULT_TRANSITION)).toMatchObject({
      open: true,
      reason: "limit",
    });
  });

  it("stays shut, without a reason, otherwise", () => {
    const decision = gate(CLOSED_GATE, unfamiliar, hard);
    expect(decision.open).toBe(false);
    expect(decision.reason).toBeUndefined();
  });
});

describe("regress", () => {
  const lost = { ...familiar, unhintedSuccess: 0.2 };

  it("goes back once, after three probes in a row under half of F*", () => {
    let state = CLOSED_GATE;
    const backs = Array.from({ length: 9 }, () => {
      const decision = regress(state, lost, DEFAULT_TRANSITION);
      state = decision.state;
      return decision.back;
    });
    expect(backs.indexOf(true)).toBe(2);
    expect(backs.filter(Boolean)).toHaveLength(1);
    expect(state.returned).toBe(true);
  });

  it("starts the row anew after a good probe, and closes the gate when it goes back", () => {
    let state = regress({ ...CLOSED_GATE, fading: true }, lost, DEFAULT_TRANSITION).state;
    state = regress(state, lost, DEFAULT_TRANSITION).state;
    const good = { ...lost, unhintedSuccess: 0.4 };
    expect(regress(state, good, DEFAULT_TRANSITION)).toMatchObject({
      back: false,
      state: { streak: 0 },
    });
    expect(regress(state, lost, DEFAULT_TRANSITION)).toEqual({
      back: true,
      state: { streak: 0, fading: false, returned: true },
    });
  });
});
