import { describe, expect, it } from "vitest";
import { DEFAULT_SCHEDULE, type ScheduleOptions, scheduled } from "../../src/rl/schedule.ts";

const base: ScheduleOptions = { kind: "linear", peak: 2, warmup: 4, total: 105, floor: 0.1 };

describe("scheduled", () => {
  it("warms up in a line from above 0", () => {
    expect([0, 1, 2, 3, 4].map((step) => scheduled(base, step))).toEqual([0.5, 1, 1.5, 2, 2]);
  });

  it("ends at its floor and stays there", () => {
    for (const kind of ["linear", "cosine"] as const) {
      expect(scheduled({ ...base, kind }, 104)).toBeCloseTo(0.2, 12);
      expect(scheduled({ ...base, kind }, 9999)).toBeCloseTo(0.2, 12);
      expect(scheduled({ ...base, kind }, 54)).toBeCloseTo(1.1, 12);
    }
    expect(scheduled({ ...base, kind: "constant" }, 9999)).toBe(2);
  });

  it("never rises after the warmup", () => {
    for (const kind of ["constant", "linear", "cosine"] as const) {
      for (let step = 4; step < 120; step++) {
        expect(scheduled({ ...base, kind }, step + 1)).toBeLessThanOrEqual(
          scheduled({ ...base, kind }, step),
        );
      }
    }
  });

  it("works without warmup and for a single step", () => {
    expect(scheduled({ ...DEFAULT_SCHEDULE, warmup: 0, total: 1 }, 0)).toBe(DEFAULT_SCHEDULE.peak);
  });
});
