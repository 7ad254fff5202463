import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { findRun, RunNotFound, runFolders } from "../../src/runtime/find-run.ts";
import { temporaryDir } from "../support/runtime.ts";

const ids = [
  "2026-01-02T10-00-00-geometry-a1b2c3",
  "2026-01-03T11-00-00-geometry-a1ffff",
  "2026-02-01T09-00-00-pretrain-tiny-0c0ffe",
];

function store(): string {
  const out = temporaryDir();
  for (const id of ids) {
    mkdirSync(join(out, "runs", id), { recursive: true });
    writeFileSync(join(out, "runs", id, "run.json"), "{}");
  }
  return out;
}

const found = (run: string) => basename(findRun(run, store()));
const refused = (run: string, out = store()) => {
  try {
    findRun(run, out);
  } catch (error) {
    return error as RunNotFound;
  }
  throw new Error(`${run} was found`);
};

describe("findRun", () => {
  it.each([
    ["latest", 2],
    [ids[0]!, 0],
    ["2026-01-02", 0],
    ["2026-02", 2],
    ["0c0ffe", 2],
    ["a1f", 1],
  ])("takes %s", (run, index) => {
    expect(found(run)).toBe(ids[index]);
  });

  it("takes the path of a run's folder, in any store", () => {
    const dir = join(store(), "runs", ids[1]!);
    expect(findRun(dir, temporaryDir())).toBe(dir);
    expect(findRun(relative(process.cwd(), dir), temporaryDir())).toBe(dir);
  });

  it.each(["2026-01", "a1", "2026"])("refuses %s, which fits several, and lists them", (run) => {
    const error = refused(run);
    expect(error).toBeInstanceOf(RunNotFound);
    expect(error.candidates.length).toBeGreaterThan(1);
    expect(error.candidates.every((id) => error.message.includes(id))).toBe(true);
    expect(error.message).toContain(`"${run}" fits ${error.candidates.length} runs`);
  });

  it.each([
    ["a1b2c4", ids[0]],
    ["0coffee", ids[2]],
    ["2026-01-03T11-00-00-geometry-a1fffe", ids[1]],
    ["", undefined],
  ])("refuses %j and lists the nearest first", (run, nearest) => {
    const { candidates, message } = refused(run);
    if (nearest !== undefined) expect(candidates[0]).toBe(nearest);
    expect(candidates).toHaveLength(3);
    expect(message).toContain(`there is no run "${run}"`);
  });

  it("says when there is no run at all", () => {
    const out = join(temporaryDir(), "none");
    expect(refused("latest", out).message).toBe(`there are no runs in ${out}`);
    expect(runFolders(out)).toEqual([]);
  });
});
