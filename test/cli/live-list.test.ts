/** The live list as a person sees it: a pipeline file in a pseudo-terminal of 80 columns. */
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDir } from "../support/runtime.ts";

const adder = join(import.meta.dirname, "../support/adder.ts");
const canPretend = spawnSync("script", ["--version"]).status === 0;

/** Everything the terminal got, in order. */
function inTerminal(argv: ReadonlyArray<string>): Promise<string> {
  const words = ["stty cols 80 rows 30;", process.execPath, "--import", "tsx", adder, ...argv];
  const env = { ...process.env, CI: "", FORCE_COLOR: "1" };
  return new Promise((resolve) => {
    execFile("script", ["-qec", words.join(" "), "/dev/null"], { env }, (_, out) => resolve(out));
  });
}

/** Escape sequences, as regular expressions want them. */
const escapeSequence = "\u001b\\[";
const plain = (text: string) =>
  text.replaceAll(new RegExp(`${escapeSequence}[?\\d;]*[A-Za-z]`, "g"), "");

describe.skipIf(!canPretend)("the live list", { timeout: 60_000 }, () => {
  it("keeps to the terminal's width, ends with every stage and gives the cursor back", async () => {
    const out = temporaryDir();
    const shown = await inTerminal(["--engine", "cpu", "--out", out]);
    const lines = plain(shown).split(/\r?\n/);
    const drawn = lines.slice(lines.findIndex((line) => line.includes("plan of adder")));
    const list = drawn.slice(
      0,
      drawn.findLastIndex((line) => /done in .*60 steps/.test(line)),
    );
    expect(list.filter((line) => line.length > 80)).toEqual([]);
    expect(list.filter((line) => /✔ add {2}done in [\d.]+ m?s$/.test(line)).length).toBeGreaterThan(
      0,
    );
    expect(list.some((line) => /^ {2}› \d+\/60/.test(line))).toBe(true);
    const [hidden, restored] = ["?25l", "?25h"].map((code) => shown.lastIndexOf(`\u001b[${code}`));
    expect(hidden).toBeGreaterThan(0);
    expect(restored).toBeGreaterThan(hidden!);
    const again = plain(await inTerminal(["--engine", "cpu", "--out", out]));
    expect(again).toMatch(/✔ numbers {2}stored\r?\n/);
    expect(again).toMatch(/✔ add {2}stored\r?\n/);
  });
});
