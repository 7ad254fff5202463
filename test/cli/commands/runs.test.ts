import { describe, expect, it } from "vitest";
import { renderRuns } from "../../../src/cli/commands/runs.ts";
import { shortId } from "../../../src/runtime/find-run.ts";
import { listRuns, type RunSummary } from "../../../src/runtime/history.ts";
import { finished, interrupted } from "../../support/past-runs.ts";
import { temporaryDir } from "../../support/runtime.ts";

const run: RunSummary = {
  id: "2026-11-23T01-49-06-geometry-178c22",
  dir: "runs/2026-11-23T01-49-06-geometry-178c22",
  startedAt: "2026-11-23T01:49:06.291Z",
  pipeline: "geometry",
  seed: 3,
  engine: "tensorflow-cpu",
  state: "done",
  steps: 957,
  seconds: 328.9,
  domain: { before: 0.0143, after: 0.7343 },
  general: { before: 1, after: 0.99 },
  retention: 0.99,
  verdicts: [],
  memoryGib: 1.6,
  problems: [],
};

describe("renderRuns", () => {
  it("gives each run a line that says what it was and what came of it", () => {
    const [head, line, ...more] = renderRuns([run], ".rcpa").split("\n");
    expect(head!.split(/ +/)).toEqual(
      "run when pipeline seed engine state steps min domain retention".split(" "),
    );
    expect(line).toMatch(
      /^178c22 +2026-11-23 01:49 +geometry +3 +tensorflow-cpu +done +957 +5\.5 +0\.014 → 0\.734 +0\.990$/,
    );
    expect(more).toEqual([]);
  });

  it("shows what is not known as a dash, and what is wrong below the run", () => {
    const nothing = {
      ...{ startedAt: null, pipeline: null, seed: null, engine: null, seconds: null },
      ...{ domain: null, general: null, retention: null, steps: 0 },
    };
    const problems = ["run.json is missing", "events.jsonl is missing"];
    const text = renderRuns([{ ...run, ...nothing, state: "unknown", problems }, run], ".rcpa");
    const lines = text.split("\n");
    expect(lines[1]).toMatch(/^178c22 +- +- +- +- +unknown +0 +- +- +-$/);
    expect(lines.slice(2, 4)).toEqual(["  ! run.json is missing", "  ! events.jsonl is missing"]);
    expect(lines[4]).toContain("geometry");
  });

  it("shows the budgets that a run missed below it", () => {
    const verdict = { budget: "retention", limit: 0.995, reached: 0.99, met: false };
    const kept = { budget: "maxHours", limit: 1, reached: 0.1, met: true };
    const lines = renderRuns([{ ...run, verdicts: [verdict, kept] }], ".rcpa").split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^ {2}! not met {2}retention: 0\.99, at least 0\.995 was asked$/);
  });

  it("says that a store is empty, and how to name another", () => {
    expect(renderRuns([], "elsewhere")).toBe("no runs in elsewhere yet; another store: --out DIR");
  });

  it("lists real runs, newest first", async () => {
    const out = temporaryDir();
    await interrupted(out);
    await finished(out);
    const runs = listRuns(out);
    const lines = renderRuns(runs, out).split("\n").slice(1);
    expect(lines.map((line) => line.split(/ +/)[0])).toEqual(runs.map(({ id }) => shortId(id)));
    expect(lines[0]).toMatch(/ done +20 /);
    expect(lines[1]).toMatch(/ interrupted +13 /);
  });
});
