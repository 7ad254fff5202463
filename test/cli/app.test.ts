/** Several pipelines in one process, as a user runs them. */
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { after, startFile } from "../support/program.ts";
import { temporaryDir } from "../support/runtime.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");
const adder = join(import.meta.dirname, "../support/adder.ts");

/** A pipeline file that shares its first stage with the adder's and adds in its own way. */
function sibling(steps: number, settings = "{}", options = ""): string {
  const file = join(temporaryDir(), "sibling.mts");
  fs.writeFileSync(
    file,
    `import { pipeline } from "${adder}/../../../src/index.ts";
import { bringAlong } from "${adder}/../../../src/cli/extras.ts";
import { add, adderHandlers, numbers } from "${adder}";
const sibling = pipeline("sibling", ${settings}).pipe(
  numbers({ count: 7 }),
  add({ steps: ${steps}, scale: 2, pauseMs: Number(process.env.ADDER_PAUSE_MS ?? 0)${options} }),
);
export default sibling;
bringAlong(sibling, { handlers: adderHandlers });
`,
  );
  return file;
}

const run = (
  argv: ReadonlyArray<string>,
  watch?: Parameters<typeof startFile>[3],
  env: Readonly<Record<string, string>> = {},
) => startFile(main, ["run", ...argv, "--engine", "cpu"], env, watch);

const sums = (out: string) =>
  fs
    .readdirSync(join(out, "stages"))
    .filter((name) => name.startsWith("add-"))
    .map((name) => fs.readFileSync(join(out, "stages", name, "out/model/sum.json"), "utf8"))
    .sort();

const results = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { pipeline: string; steps: number; budgets: object });

/** Both pipelines, undisturbed, side by side. */
let undisturbed: Promise<{ out: string; outcome: Awaited<ReturnType<typeof run>> }> | undefined;
const together = () => {
  undisturbed ??= (async () => {
    const out = temporaryDir();
    return { out, outcome: await run([adder, sibling(60), "--out", out, "--json"]) };
  })();
  return undisturbed;
};

describe("rcpa run with several files", { timeout: 120_000 }, () => {
  it("runs them side by side to the results each has alone, what they share once", async () => {
    const alone = temporaryDir();
    const { out, outcome } = await together();
    const { code, stdout, stderr } = outcome;
    expect(code).toBe(0);
    expect(results(stdout).map(({ pipeline, steps }) => [pipeline, steps])).toEqual([
      ["adder", 60],
      ["sibling", 60],
    ]);
    expect(stderr).toContain("plan of adder");
    expect(stderr).toContain("plan of sibling");
    // Whoever comes second finds the shared stage done.
    expect(stderr.match(/\| numbers {2}done/g)).toHaveLength(1);
    expect(stderr.match(/\| numbers {2}stored/g)).toHaveLength(1);
    const [firstEnd, secondStart] = [/adder {3}\| add {2}done/, /sibling \| add {2}started/];
    expect(stderr.search(secondStart)).toBeLessThan(stderr.search(firstEnd));
    expect(fs.readdirSync(join(out, "runs"))).toHaveLength(2);
    for (const file of [adder, sibling(60)]) await run([file, "--out", alone]);
    expect(sums(out)).toEqual(sums(alone));
    expect(sums(out)).toHaveLength(2);
  });

  it("ends each by itself and exits with the worst code, every budget with what was reached", async () => {
    const poor = sibling(5, "{ budgets: { maxMemoryGiB: 0.01, maxHours: 2 } }");
    const { code, stdout, stderr } = await run([poor, adder, "--out", temporaryDir(), "--json"]);
    expect(code).toBe(3);
    expect(results(stdout).map(({ pipeline }) => pipeline)).toEqual(["adder"]);
    expect(stderr).toMatch(/^sibling \| budget not met; stopped in stage numbers$/m);
    expect(stderr).toMatch(/^sibling \| {3}met {6}maxHours: 0\.?\d*, at most 2 was asked$/m);
    expect(stderr).toMatch(/^sibling \| {3}not met {2}maxMemoryGiB: [\d.]+, at most 0.01 was/m);
  });

  it("starts nothing when one of them is wrong", async () => {
    const out = temporaryDir();
    const { code, stderr } = await run([adder, sibling(0), "--out", out]);
    expect(code).toBe(2);
    expect(stderr).toContain("sibling | 1 problem in the pipeline");
    expect(fs.readdirSync(join(out, "stages"))).toEqual([]);
    const { code: missing, stderr: said } = await run([adder, "nowhere.ts"]);
    expect([missing, said.includes("there is no file nowhere.ts")]).toEqual([2, true]);
  });

  it("saves all of them when interrupted, and goes on to the same end", async () => {
    const out = temporaryDir();
    const files = [adder, sibling(60)];
    const slow = { ADDER_PAUSE_MS: "20" };
    const cut = await run([...files, "--out", out], after(/\| add {2}25\/60/, "SIGINT"), slow);
    expect(cut.code).toBe(130);
    expect(cut.stderr.match(/interrupted in stage add after step \d+/g)).toHaveLength(2);
    const resumed = await run([...files, "--out", out]);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout.match(/add {2}resumed after step/g)).toHaveLength(2);
    expect(sums(out)).toEqual(sums((await together()).out));
  });
});
