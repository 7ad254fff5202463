/** Rewards that a user writes, in programs run as a user runs them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderForFile } from "../support/learner.ts";
import { startFile } from "../support/program.ts";

const file = join(import.meta.dirname, "own-rewards.ts");
const out = folderForFile();
const start = (judge: string) => startFile(file, ["--out", out], { OWN_REWARD: judge });

/** The metrics of the last step of the stage whose folder begins with `grpo-`. */
function metricsOf(stages: string): Readonly<Record<string, number>> {
  const name = readdirSync(stages).find((one) => one.startsWith("grpo-"))!;
  const lines = readFileSync(join(stages, name, "steps.jsonl"), "utf8")
    .trim()
    .split("\n");
  return JSON.parse(lines.at(-1)!).metrics;
}

describe("rewards of one's own", { timeout: 240_000 }, () => {
  it("are paid and logged beside the shipped ones", async () => {
    const { code, stderr } = await start("fine");
    expect([code, stderr]).toEqual([0, ""]);
    const metrics = metricsOf(join(out, "stages"));
    expect(metrics["reward/judge"]).toBe(0.25);
    expect(metrics["reward/brevity"]).toBeGreaterThan(0);
    for (const name of ["overlong", "rougeL", "cider", "repetition"]) {
      expect(metrics).toHaveProperty(name);
    }
    for (const name of ["text", "bleu", "cosine"]) expect(metrics).not.toHaveProperty(name);
  });

  it("end the run with their name, the prompt and the response when they throw", async () => {
    // The environment is no part of a key, so the stage has to be asked to run anew.
    const { code, stderr } = await startFile(file, ["--out", out, "--fresh=grpo"], {
      OWN_REWARD: "throws",
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /stage grpo .*failed: RewardFailed: reward "judge" threw Error: no idea about 1 prompts; prompt ".+", response "/,
    );
  });

  it("are missed before anything runs", async () => {
    const { code, stderr } = await start("absent");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /own-rewards\.ts:\d+:\d+: grpo\.reward\.own\.judge: no reward is called/,
    );
    expect(stderr).toContain("given are brevity");
  });
});
