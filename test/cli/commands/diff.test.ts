import { describe, expect, it } from "vitest";
import { renderDiff } from "../../../src/cli/commands/diff.ts";
import { diffRuns, type RunDiff } from "../../../src/runtime/compare.ts";
import { finished } from "../../support/past-runs.ts";
import { temporaryDir } from "../../support/runtime.ts";

const compared = async (change: Parameters<typeof finished>[1]): Promise<RunDiff> => {
  const out = temporaryDir();
  return diffRuns(await finished(out), await finished(out, change), out);
};

describe("renderDiff", () => {
  it("says what is the same", async () => {
    const text = renderDiff(await compared({}));
    expect(text).toContain("configuration: the same\n\ncode: the same\n\nenvironment: the same\n");
    expect(text).toMatch(/^ {2}retention +0\.95 +0\.95 +0$/m);
  });

  it("shows options, results and metrics side by side", async () => {
    const text = renderDiff(await compared({ steps: 30, after: 65 }));
    expect(text).toMatch(/^ {2}add\.steps +20 → 30$/m);
    expect(text).toMatch(/^ {2}domain after +0\.7 +0\.65 +-0\.05$/m);
    expect(text).toMatch(/^ {2}steps +20 +30 +\+10$/m);
    expect(text).toMatch(/^add, mean of the last 10 steps\n.*\n {2}reward( +[\d.+-]+){3}$/m);
  });

  it("says of a file that it changed, came or went, and of a package its versions", async () => {
    const code = [
      { field: "src/a.ts", left: "1f", right: "2f" },
      { field: "src/b.ts", left: null, right: "2f" },
      { field: "src/c.ts", left: "1f", right: null },
      { field: "package effect", left: "4.1.0", right: "4.2.0" },
    ];
    const lines = renderDiff({ ...(await compared({})), code }).split("\n");
    const at = lines.indexOf("code");
    expect(lines.slice(at + 1, at + 5).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["src/a.ts", "changed"],
      ["src/b.ts", "only right"],
      ["src/c.ts", "only left"],
      ["package effect", "4.1.0 → 4.2.0"],
    ]);
  });
});
