/** A run that is ended in the middle of a rollback makes the same steps and weights as an undisturbed one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { essence, stageDir } from "../support/faults.ts";
import { temporaryFolder } from "../support/folder.ts";
import { folderForFile } from "../support/learner.ts";
import { after, type Outcome, startFile } from "../support/program.ts";

const file = join(import.meta.dirname, "../support/unhealthy.ts");
const root = folderForFile();

const start = (out: string, ...rest: [] | [Parameters<typeof startFile>[3]]) =>
  startFile(file, ["--json", "--out", out], {}, ...rest);

/** What the steps did, times left out. */
const stepsOf = (out: string) =>
  readFileSync(join(stageDir(out, "grpo"), "steps.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { step, metrics } = JSON.parse(line);
      const { reward, klNats, entropy, learningRate, rollbacks } = metrics;
      return { step, reward, klNats, entropy, learningRate, rollbacks };
    });

const rollbacksIn = ({ stderr }: Outcome) =>
  stderr.split("\n").filter((line) => line.startsWith("grpo  rollback"));

let straight: Outcome;
beforeAll(async () => {
  straight = await start(root);
}, 300_000);

describe("a run with rollbacks", { timeout: 300_000 }, () => {
  it("goes back to its start, and to states in between", () => {
    expect(straight.code).toBe(0);
    const told = rollbacksIn(straight).join("\n");
    expect(told).toMatch(/back to the stage's start/);
    expect(told).toMatch(/back to the state after step/);
  });

  it.each([
    [4, "SIGKILL"],
    [2, "SIGINT"],
  ] as const)("ended within rollback %i by %s, goes on to the same end", async (number, signal) => {
    const out = temporaryFolder();
    const cut = await start(out, after(new RegExp(`rollback ${number} `), signal));
    expect(cut.code).not.toBe(0);
    const rest = await start(out);
    expect(rest).toMatchObject({ code: 0 });
    expect(rest.stderr).toMatch(/^grpo {2}resumed after step /m);
    expect(essence(rest.stdout)).toEqual(essence(straight.stdout));
    expect(stepsOf(out)).toEqual(stepsOf(root));
  });
});
