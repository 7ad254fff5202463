/** Pipeline files as programs: output, exit codes, signals, kill -9 and a full disk, all in child processes. */
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  after,
  canMount,
  last,
  type Outcome,
  startFile,
  withSmallDisk,
} from "../support/program.ts";
import { temporaryDir } from "../support/runtime.ts";

const adder = join(import.meta.dirname, "../support/adder.ts");

/** Starts a pipeline file on the plain engine, by default the one that adds. */
const start = (
  argv: ReadonlyArray<string>,
  options: { readonly file?: string; readonly pauseMs?: number } = {},
  watch?: Parameters<typeof startFile>[3],
) =>
  startFile(
    options.file ?? adder,
    ["--engine", "cpu", ...argv],
    { ADDER_PAUSE_MS: String(options.pauseMs ?? 0) },
    watch,
  );

const sumOf = (stdout: string) =>
  fs.readFileSync(join(JSON.parse(last(stdout)).modelDir, "sum.json"), "utf8");

let undisturbed: Promise<Outcome> | undefined;
/** The run that interrupted ones must equal. */
const straight = () => {
  undisturbed ??= start(["--out", temporaryDir(), "--json"]);
  return undisturbed;
};

/** Slow enough that a signal sent at step 25 of 60 arrives before the end, also on a busy machine. */
const slow = { pauseMs: 40 };

describe("a pipeline file", { timeout: 120_000 }, () => {
  it("prints engine, plan, progress and places; a second start needs no engine", async () => {
    const out = temporaryDir();
    const first = await start(["--out", out]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("engine cpu (");
    expect(first.stdout).toContain("plan of adder (seed 1)");
    expect(first.stdout).toMatch(/add {2}25\/60 {2}reward/);
    expect(first.stdout).toMatch(/done in .*, 60 steps, peak memory 0\.\d+ GiB/);
    const second = await start(["--out", out, "--json"]);
    expect(second.stderr).toContain("engine none needed: every result is stored, made with cpu");
    expect(second.stdout.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(second.stdout)).toMatchObject({ pipeline: "adder", seed: 1, steps: 60 });
  });

  it("takes seed and scale from the command line", async () => {
    const { stdout } = await start([
      "--out",
      temporaryDir(),
      "--json",
      "--seed",
      "4",
      "--steps-scale",
      "0.1",
    ]);
    expect(JSON.parse(last(stdout))).toMatchObject({ seed: 4, steps: 6, domain: null });
  });

  it("exits 2 and lists the options on a wrong one, before anything is written", async () => {
    const out = join(temporaryDir(), "none");
    const { code, stdout, stderr } = await start(["--out", out, "--sede", "1"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Unknown option '--sede'");
    expect(stderr).toContain("--steps-scale X");
    expect(fs.existsSync(out)).toBe(false);
  });

  it("exits 2 with every definition problem and its place", async () => {
    const file = join(temporaryDir(), "wrong.mts");
    fs.writeFileSync(
      file,
      `import { run, pipeline } from "${adder}/../../../src/index.ts";
import { add, numbers } from "${adder}";
run(import.meta, pipeline("wrong").pipe(numbers({ count: 0.5 }), add({ steps: 0 })));
`,
    );
    const { code, stderr } = await start(["--out", temporaryDir()], { file });
    expect(code).toBe(2);
    expect(stderr).toContain("2 problems in the pipeline:");
    expect(stderr).toMatch(/wrong\.mts:3:\d+: numbers\.count: Expected an integer/);
    expect(stderr).toMatch(/wrong\.mts:3:\d+: add\.steps: Expected a whole number ≥ 1/);
  });

  it("exits 2 with the compiler's message when the file does not type-check", async () => {
    const file = join(temporaryDir(), "wrong.mts");
    fs.writeFileSync(
      file,
      `import adder from "${adder}";
import { run } from "${adder}/../../../src/index.ts";
const seed: number = "1";
run(import.meta, adder);
`,
    );
    const { code, stderr } = await start(["--out", temporaryDir()], { file });
    expect(code).toBe(2);
    expect(stderr).toContain(
      "wrong.mts:3:7: TS2322: Type 'string' is not assignable to type 'number'.",
    );
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "saves a checkpoint on %s, exits 130, and goes on to the same result",
    async (signal) => {
      const out = temporaryDir();
      const cut = await start(["--out", out], slow, after(/add {2}25\/60/, signal));
      expect(cut.code).toBe(130);
      const step = Number(/after step (\d+), checkpoint saved/.exec(cut.stderr)?.[1]);
      expect(step).toBeGreaterThanOrEqual(25);
      expect(step).toBeLessThan(60);
      const resumed = await start(["--out", out, "--json"]);
      expect(resumed.stderr).toContain(`resume   from step ${step}`);
      expect(sumOf(resumed.stdout)).toBe(sumOf((await straight()).stdout));
    },
  );

  it("goes on after kill -9 from the last checkpoint to the same result", async () => {
    const out = temporaryDir();
    const killed = await start(["--out", out], slow, after(/add {2}25\/60/, "SIGKILL"));
    expect(killed.code).toBeNull();
    const resumed = await start(["--out", out, "--json"]);
    expect(resumed.stderr).toMatch(/resume {3}from step [23]0/);
    expect(sumOf(resumed.stdout)).toBe(sumOf((await straight()).stdout));
  });

  it("refuses a second process at the same work", async () => {
    const out = temporaryDir();
    let second: Promise<Outcome> | undefined;
    const first = start(["--out", out], { pauseMs: 500 }, (text, kill) => {
      if (second !== undefined || !text.includes("add  started")) return;
      second = start(["--out", out]);
      second.finally(() => kill("SIGTERM"));
    });
    expect((await first).code).toBe(130);
    expect(await second).toMatchObject({ code: 1 });
    expect((await second)?.stderr).toMatch(
      /process \d+ on .* is already running this pipeline here/,
    );
  });

  it.skipIf(!canMount())(
    "exits 1 with one message on a full disk, and goes on once there is room",
    async () => {
      await withSmallDisk("64k", async (out, enlarge) => {
        const full = await start(["--out", out]);
        expect(full.code).toBe(1);
        expect(full.stderr).toMatch(/^no space left on device while writing .+; free some space/m);
        enlarge("4m");
        const resumed = await start(["--out", out, "--json"]);
        expect(resumed.code).toBe(0);
        expect(sumOf(resumed.stdout)).toBe(sumOf((await straight()).stdout));
      });
    },
  );
});
