import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diffRuns } from "../../src/runtime/compare.ts";
import { readRun } from "../../src/runtime/history.ts";
import { finished, interrupted } from "../support/past-runs.ts";
import { temporaryDir } from "../support/runtime.ts";

/** Makes every stage of a store a result of this code. */
function rewriteCode(out: string, code: unknown): void {
  for (const { dir } of readRun("latest", out).stages) {
    const path = join(dir, "spec.json");
    const spec = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...spec, code }));
  }
}

describe("diffRuns", () => {
  it("finds nothing but time between a run and its repetition", async () => {
    const out = temporaryDir();
    const diff = diffRuns(await finished(out), await finished(out), out);
    expect(diff).toMatchObject({ configuration: [], code: [], environment: [] });
    const passing = ["seconds", "memory GiB"];
    const moved = diff.results.filter((one) => !passing.includes(one.name) && one.difference);
    expect(moved).toEqual([]);
    expect(diff.metrics).toEqual([
      expect.objectContaining({ stage: "add", name: "reward", difference: 0 }),
    ]);
  });

  it("names each field that was asked for otherwise, and the numbers that came of it", async () => {
    const out = temporaryDir();
    const left = await finished(out);
    const right = await finished(out, { steps: 30, after: 80, seed: 2 });
    const diff = diffRuns(left, right, out);
    expect(diff.left.dir).toBe(left);
    expect(diff.configuration).toEqual([
      { field: "seed", left: 1, right: 2 },
      { field: "add.steps", left: 20, right: 30 },
      { field: "judge.after", left: 70, right: 80 },
    ]);
    const result = Object.fromEntries(diff.results.map((pair) => [pair.name, pair]));
    expect(result["domain after"]).toMatchObject({ left: 0.7, right: 0.8 });
    expect(result["domain after"]!.difference).toBeCloseTo(0.1, 12);
    expect(result["domain before"]!.difference).toBe(0);
    expect(result.steps!.difference).toBe(10);
  });

  it("names the files and packages of the code that are not the same", async () => {
    const [left, right] = [temporaryDir(), temporaryDir()];
    const code = { files: { "a.ts": "1", "b.ts": "1" }, packages: { effect: "4.1.0" } };
    await finished(left);
    rewriteCode(left, code);
    await finished(right);
    rewriteCode(right, { files: { "a.ts": "2", "c.ts": "1" }, packages: { effect: "4.2.0" } });
    expect(diffRuns(readRun("latest", left).dir, "latest", right).code).toEqual([
      { field: "a.ts", left: "1", right: "2" },
      { field: "b.ts", left: "1", right: null },
      { field: "package effect", left: "4.1.0", right: "4.2.0" },
      { field: "c.ts", left: null, right: "1" },
    ]);
  });

  it("knows the code of an older store by one hash a stage", async () => {
    const [left, right] = [temporaryDir(), temporaryDir()];
    await finished(left);
    rewriteCode(left, "1");
    await finished(right);
    rewriteCode(right, "2");
    const { code } = diffRuns(readRun("latest", left).dir, "latest", right);
    expect(code).toContainEqual({ field: "code of add", left: "1", right: "2" });
  });

  it("shows what only one run has", async () => {
    const [whole, partial] = [temporaryDir(), temporaryDir()];
    await finished(whole);
    await interrupted(partial);
    const diff = diffRuns(readRun("latest", whole).dir, "latest", partial);
    expect(diff.configuration).toEqual([
      { field: "stages", left: "numbers → add → judge", right: "numbers → add" },
      { field: "judge version", left: 1, right: null },
      { field: "judge.after", left: 70, right: null },
    ]);
    const retention = diff.results.find(({ name }) => name === "retention");
    expect(retention).toEqual({ name: "retention", left: 0.95, right: null, difference: null });
  });
});
