import { describe, expect, it } from "vitest";
import { renderRun } from "../../../src/cli/commands/show.ts";
import { readRun } from "../../../src/runtime/history.ts";
import { failed, finished, interrupted } from "../../support/past-runs.ts";
import { temporaryDir } from "../../support/runtime.ts";

const shown = async (make: (out: string) => Promise<unknown>) => {
  const out = temporaryDir();
  await make(out);
  return renderRun(readRun("latest", out));
};

describe("renderRun", () => {
  it("shows each stage, its metrics, the evaluation and the places", async () => {
    const text = await shown(finished);
    expect(text).toMatch(/^state +done$/m);
    expect(text).toMatch(/^pipeline +sums, seed 1$/m);
    expect(text).toMatch(
      /^add +computed +20 .* add-[0-9a-f]{16}\n {4}mean .*:\n {4}reward [\d.]+$/m,
    );
    expect(text).toMatch(/^domain accuracy +0\.100 \[.*\] +0\.700 \[.*\] +100$/m);
    expect(text).toMatch(/^retention +0\.950/m);
    expect(text).toMatch(/^run +\S+-sums-[0-9a-f]{6}$/m);
    expect(text).toMatch(/^model +\S+out\/model$/m);
  });

  it("shows why a stage failed and which were not reached", async () => {
    const text = await shown(failed);
    expect(text).toMatch(/^state +failed$/m);
    expect(text).toMatch(/^broken +failed .*\n {4}stage broken/m);
    expect(text.replaceAll(/\s+/g, " ")).toContain("failed: Snapped: the rope snapped");
    expect(text).toMatch(/^judge +not reached/m);
  });

  it("says when a stage went on from a checkpoint", async () => {
    const text = await shown(async (out) => {
      await interrupted(out);
      await finished(out);
    });
    expect(text).toMatch(/^add +computed .*\n {4}resumed after step 13$/m);
  });

  it("keeps to 80 columns, save names and keys that are longer", async () => {
    const lines = (await shown(finished)).split("\n").filter((line) => !/^(run|model) /.test(line));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});
