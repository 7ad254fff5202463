import { describe, expect, it } from "vitest";
import { choose } from "../../../src/cli/study/choose.ts";
import { emptyCell } from "../../../src/report/study/material.ts";

const tried = (
  accuracy: number | null,
  state: "done" | "failed" | "missing" = "done",
  kept: number | null = null,
) => ({
  ...{ settings: {}, accuracy, kept },
  tuning: [{ ...emptyCell, seed: 101, state, failure: "" }],
});

describe("the choice of a setting", () => {
  it("is the best on validation, of equal ones the first", () => {
    expect(choose([tried(0.4), tried(0.6), tried(0.5)])).toBe(1);
    expect(choose([tried(0.4), tried(0.6), tried(0.6)])).toBe(1);
    expect(choose([tried(0), tried(0)])).toBe(0);
  });

  it("waits for all, and leaves out what failed or measured nothing", () => {
    expect(choose([tried(0.4), tried(null, "missing")])).toBeNull();
    expect(choose([tried(null, "failed"), tried(0.1), tried(null)])).toBe(1);
    expect(choose([tried(null, "failed"), tried(null, "failed")])).toBeNull();
  });

  it("passes by what forgets too much, unless everything does", () => {
    const candidates = [tried(0.4, "done", 1), tried(0.6, "done", 0.98), tried(0.7, "done", 0.9)];
    expect(choose(candidates)).toBe(2);
    expect(choose(candidates, 0.97)).toBe(1);
    expect(choose(candidates, 0.99)).toBe(0);
    expect(choose([tried(0.6, "done", 0.9), tried(0.7, "done", 0.8)], 0.97)).toBe(1);
    expect(choose([tried(0.6, "done", 0.98), tried(0.7)], 0.97)).toBe(0);
  });

  it("of one setting needs no run", () => {
    expect(choose([{ settings: {}, accuracy: null, kept: null, tuning: [] }])).toBe(0);
  });
});
