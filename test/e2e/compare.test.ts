/** A study as a user runs it: settings chosen, nothing computed twice, resumed, the same documents again. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSteps } from "../../src/runtime/steps.ts";
import { readTrace } from "../../src/runtime/trace.ts";
import { temporaryFolder } from "../support/folder.ts";
import { atOnce, last, startFile } from "../support/program.ts";

const file = join(import.meta.dirname, "../support/study.ts");

const compare = (
  out: string,
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  watch?: Parameters<typeof startFile>[3],
) => startFile(file, ["--engine", "cpu", "--out", out, ...argv], env, watch);

/** The id of each stage that a run of the store started, as often as it was. */
const startedIn = (out: string): ReadonlyArray<string> =>
  readdirSync(join(out, "runs")).flatMap((run) =>
    readTrace(join(out, "runs", run)).lines.flatMap(({ event }) =>
      event._tag === "StageStarted" ? [event.key] : [],
    ),
  );

it("chooses on validation, reads the test once, computes nothing twice, and writes it again", {
  timeout: 240_000,
}, async () => {
  const out = temporaryFolder();
  const argv = ["--arms", "quick,wild", "--seeds", "1", "--to", join(out, "all.md"), "--json"];
  const { code, stdout, stderr } = await compare(out, [...argv, "--jobs", "2"]);
  expect(code, stderr).toBe(0);
  const { arms, documents } = JSON.parse(last(stdout));
  const [quick, wild] = arms;
  expect(quick).toMatchObject({
    settings: { rate: 0.1 },
    tried: [{ validation: expect.closeTo(0.62) }, { validation: expect.closeTo(0.82) }],
    domain: { n: 1, mean: 0.62, low: null },
    seeds: [{ seed: 1, state: "done", steps: 10, retention: 0.9 }],
  });
  expect(wild.settings).toEqual({ rate: 0.01 });

  const started = startedIn(out);
  expect(started.filter((key) => key.startsWith("judge-"))).toHaveLength(2);
  // Both arms take the same first stages, with each seed once.
  expect(started.filter((key) => key.startsWith("add-"))).toHaveLength(2);
  expect(new Set(started).size).toBe(started.length);

  const written = () => [...Object.values<string>(documents), join(out, "all.md")].map(textOf);
  const before = written();
  expect(before[0]).toContain("- `wild`, rate 1, seed 101: stage learn failed: Diverged: loss");
  const runs = readdirSync(join(out, "runs")).length;
  const again = await compare(out, [...argv, "--stored"]);
  expect([again.code, again.stdout]).toEqual([0, stdout]);
  expect(written()).toEqual(before);
  expect(readdirSync(join(out, "runs"))).toHaveLength(runs);
});

const textOf = (path: string) => readFileSync(path, "utf8");

it("goes on after kill -9 and Ctrl-C; no child outlives its parent", {
  timeout: 240_000,
}, async () => {
  const out = temporaryFolder();
  const pace = { ADDER_PAUSE_MS: "60" };
  const argv = ["--arms", "slow", "--jobs", "2", "--json"];
  const both = (steps: number) => () => stepsIn(out).filter((done) => done >= steps).length === 2;
  const killed = await compare(out, argv, pace, atOnce(both(6), "SIGKILL"));
  expect(killed.code).toBeNull();
  await until(() => locksIn(out).length === 0);
  expect(Math.max(...stepsIn(out))).toBeLessThan(30);

  const stopped = await compare(out, argv, pace, atOnce(both(16), "SIGINT"));
  expect([stopped.code, locksIn(out)], stopped.stderr).toEqual([130, []]);
  expect(stopped.stderr).toContain("run the same command to go on");

  const { code, stdout, stderr } = await compare(out, argv);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/slow, seed 1: add goes on after step \d+/);
  const [slow] = JSON.parse(last(stdout)).arms;
  expect(slow.domain).toMatchObject({ n: 2, mean: expect.closeTo(0.63) });
  expect(stepsIn(out)).toEqual([30, 30]);
});

const foldersOf = (out: string, name: string) => {
  const stages = join(out, "stages");
  if (!existsSync(stages)) return [];
  return readdirSync(stages)
    .filter((key) => key.startsWith(name))
    .map((key) => join(stages, key));
};

/** Steps of each `add` stage. */
const stepsIn = (out: string): ReadonlyArray<number> =>
  foldersOf(out, "add-").map((dir) => readSteps(join(dir, "steps.jsonl")).at(-1)?.step ?? 0);

const locksIn = (out: string): ReadonlyArray<string> =>
  foldersOf(out, "").filter((dir) => existsSync(join(dir, "LOCK")));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
}

it("refuses what is wrong before anything runs", { timeout: 60_000 }, async () => {
  const out = temporaryFolder();
  const { code, stderr } = await compare(join(out, "store"), ["--arms", "quik"]);
  expect(code).toBe(2);
  expect(stderr).toContain('there is no arm "quik"; arms: quick, slow, wild');
  expect(existsSync(join(out, "store"))).toBe(false);
});
