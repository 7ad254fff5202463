/** Looking back at past runs as a user does: runs made by a pipeline file, commands as programs. */
import { mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { diffRuns, listRuns, readRun } from "rcpa";
import { beforeAll, describe, expect, it } from "vitest";
import { after, startFile } from "../support/program.ts";
import { temporaryDir } from "../support/runtime.ts";

const adder = join(import.meta.dirname, "../support/adder.ts");
const bin = join(import.meta.dirname, "../../bin/rcpa.mjs");
const out = temporaryDir();

const rcpa = (...argv: ReadonlyArray<string>) => startFile(bin, argv);
const inStore = (...argv: ReadonlyArray<string>) => rcpa(...argv, "--out", out);

beforeAll(async () => {
  const run = ["--engine", "cpu", "--out", out];
  const slow = { ADDER_PAUSE_MS: "40" };
  expect((await startFile(adder, run, slow, after(/add {2}25\/60/, "SIGINT"))).code).toBe(130);
  expect((await startFile(adder, run)).code).toBe(0);
  expect((await startFile(adder, [...run, "--steps-scale", "0.5"])).code).toBe(0);
  mkdirSync(join(out, "runs", "2020-01-01T00-00-00-lost-000000"));
}, 60_000);

describe("rcpa runs", { timeout: 30_000 }, () => {
  it("lists every run, the damaged one too", async () => {
    const { code, stdout, stderr } = await inStore("runs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const states = stdout
      .split("\n")
      .map((line) => / (done|interrupted|unknown) +(\d+)/.exec(line));
    expect(states.flatMap((match) => (match ? [match[1]] : []))).toEqual([
      "done",
      "done",
      "interrupted",
      "unknown",
    ]);
    expect(states[1]![2]).toBe("30");
    expect(stdout).toContain("  ! run.json is missing");
    const json = JSON.parse((await inStore("runs", "--json")).stdout);
    expect(json).toEqual(await listRuns({ out }));
    expect(json[0]).toMatchObject({ pipeline: "adder", engine: "cpu", seed: 1 });
  });

  it("says that a store is empty", async () => {
    const { code, stdout } = await rcpa("runs", "--out", join(out, "none"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^no runs in /);
  });
});

describe("rcpa show", { timeout: 30_000 }, () => {
  it("shows the run that went on after the interruption", async () => {
    const [, resumed] = await listRuns({ out });
    const { code, stdout } = await inStore("show", resumed!.id.slice(-6));
    expect(code).toBe(0);
    const run = await readRun(resumed!.id, { out });
    const step = run.stages[1]!.resumedAfter;
    expect(step).toBeGreaterThanOrEqual(25);
    expect(stdout).toContain(`resumed after step ${step}`);
    expect(stdout).toMatch(/^pipeline +adder, seed 1, .*adder\.ts$/m);
    expect(readFileSync(join(run.modelDir!, "sum.json"), "utf8")).toContain("total");
    expect(JSON.parse((await inStore("show", resumed!.dir, "--json")).stdout)).toEqual(run);
  });

  it("exits 2 with the nearest ids, or with those that fit", async () => {
    const unknown = await inStore("show", "lasted");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toMatch(/there is no run "lasted" in .*\n( {2}20\S+\n){3}$/);
    const several = await inStore("show", "20");
    expect(several).toMatchObject({ code: 2, stdout: "" });
    expect(several.stderr).toMatch(/"20" fits 4 runs:\n( {2}20\S+\n){4}$/);
    expect(await rcpa("show")).toMatchObject({ code: 2 });
  });

  it("shows a run whose log is torn", async () => {
    const cut = (await listRuns({ out }))[2]!;
    truncateSync(join(cut.dir, "events.jsonl"), 900);
    const { code, stdout } = await inStore("show", cut.id);
    expect(code).toBe(0);
    expect(stdout).toContain("! events.jsonl: 1 line cannot be read");
  });
});

describe("rcpa diff", { timeout: 30_000 }, () => {
  it("compares two runs", async () => {
    const [halved, whole] = (await listRuns({ out })).map(({ id }) => id);
    const { code, stdout } = await inStore("diff", whole!, halved!);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}add\.steps +60 → 30$/m);
    expect(stdout).toMatch(/^ {2}args\.stepsScale +1 → 0\.5$/m);
    expect(stdout).toContain("code: the same");
    const json = JSON.parse((await inStore("diff", whole!, halved!, "--json")).stdout);
    expect(json).toEqual(await diffRuns(whole!, halved!, { out }));
  });

  it("exits 2 without a second run", async () => {
    const { code, stderr } = await inStore("diff", "latest");
    expect(code).toBe(2);
    expect(stderr).toContain("which 2 runs?");
    expect(stderr).toContain("usage: rcpa diff RUN RUN");
  });
});

describe("rcpa report", { timeout: 30_000 }, () => {
  it("writes the page again, into the run's folder or where it is told", async () => {
    const { dir, id } = await readRun("latest", { out });
    const own = await inStore("report", id);
    expect(own).toMatchObject({ code: 0, stderr: "" });
    const page = readFileSync(join(dir, "report.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain("adder");
    const to = join(temporaryDir(), "pages", "adder.html");
    const told = await inStore("report", id, "--to", to, "--json");
    expect(JSON.parse(told.stdout)).toEqual({ report: to });
    expect(readFileSync(to, "utf8")).toBe(page);
  });

  it("exits 2 for an unknown run, and 1 with one line when it cannot write", async () => {
    expect(await inStore("report", "lasted")).toMatchObject({ code: 2, stdout: "" });
    const folder = await inStore("report", "latest", "--to", out);
    expect(folder).toMatchObject({ code: 1, stdout: "" });
    expect(folder.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect((await inStore("show", "latest", "--to", "x.html")).stderr).toContain(
      "--to is an option of report",
    );
  });
});
