import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listRuns, type RunSummary, readRun } from "../../src/runtime/history.ts";
import { failed, finished, interrupted } from "../support/past-runs.ts";
import { temporaryDir } from "../support/runtime.ts";

const statesOf = (out: string) => readRun("latest", out).stages.map(({ id, state }) => [id, state]);

describe("a finished run", () => {
  it("tells what was asked for, what happened and what came of it", async () => {
    const out = temporaryDir();
    const dir = await finished(out);
    const run = readRun("latest", out);
    expect(run).toMatchObject({ dir, pipeline: "sums", seed: 1, engine: "test", state: "done" });
    expect(run).toMatchObject({ steps: 20, retention: 0.95, problems: [] });
    expect(run.domain).toEqual({ before: 0.1, after: 0.7 });
    expect(run.general).toEqual({ before: 0.8, after: 0.76 });
    expect(run.seconds).toBeGreaterThanOrEqual(0);
    expect(run.evaluation?.families.angle?.after).toBe(0.7);
    expect(fs.existsSync(join(run.modelDir!, "sum.json"))).toBe(true);
    expect(run.record?.pipeline.stages[1]?.options).toMatchObject({ steps: 20, scale: 1 });
  });

  it("is listed in the same words as it is shown", async () => {
    const out = temporaryDir();
    await finished(out);
    const { record, stages, evaluation, modelDir, ...short } = readRun("latest", out);
    expect(listRuns(out)).toEqual([short satisfies RunSummary]);
  });

  it("tells computed stages from stored ones, with the time of making either", async () => {
    const out = temporaryDir();
    await finished(out);
    const computed = readRun("latest", out).stages;
    expect(computed.map(({ state, attempts }) => [state, attempts])).toEqual([
      ["computed", 1],
      ["computed", 1],
      ["computed", 1],
    ]);
    await finished(out);
    const again = readRun("latest", out);
    expect(again.state).toBe("done");
    expect(again.steps).toBe(20);
    for (const [index, stage] of again.stages.entries()) {
      expect(stage).toEqual({ ...computed[index], state: "stored", attempts: 0 });
    }
  });

  it("gives means of the metrics over the last ten steps", async () => {
    const out = temporaryDir();
    await finished(out);
    const { dir, metrics } = readRun("latest", out).stages[1]!;
    const lines = fs.readFileSync(join(dir, "steps.jsonl"), "utf8").trim().split("\n");
    const rewards = lines.slice(-10).map((line) => JSON.parse(line).metrics.reward as number);
    expect(metrics.reward).toBeCloseTo(rewards.reduce((a, b) => a + b) / 10, 12);
    expect(readRun("latest", out).stages[0]!.metrics).toEqual({});
  });
});

describe("a run that did not finish", () => {
  it("names the stage that failed and why, and what was never reached", async () => {
    const out = temporaryDir();
    await failed(out);
    expect(listRuns(out)[0]).toMatchObject({ state: "failed", steps: 20, domain: null });
    expect(statesOf(out)).toEqual([
      ["numbers", "computed"],
      ["add", "computed"],
      ["broken", "failed"],
      ["judge", "not reached"],
    ]);
    expect(readRun("latest", out).stages[2]!.failure).toMatchObject({
      detail: expect.stringContaining("the rope snapped"),
    });
  });

  it("is interrupted at the step it reached", async () => {
    const out = temporaryDir();
    await interrupted(out);
    expect(listRuns(out)[0]).toMatchObject({ state: "interrupted", steps: 13 });
    expect(statesOf(out)[1]).toEqual(["add", "interrupted"]);
  });

  it("says after which step it went on", async () => {
    const out = temporaryDir();
    await interrupted(out);
    await finished(out);
    const resumed = readRun("latest", out);
    expect(resumed.stages[1]).toMatchObject({ state: "computed", resumedAfter: 13, steps: 20 });
  });

  it("is running while its process lives, and interrupted when that has died", async () => {
    const out = temporaryDir();
    let seen: ReadonlyArray<unknown> = [];
    await interrupted(out, () => {
      seen = [listRuns(out)[0]!.state, ...statesOf(out)];
    });
    expect(seen).toEqual(["running", ["numbers", "computed"], ["add", "running"]]);
    const events = join(readRun("latest", out).dir, "events.jsonl");
    const text = fs.readFileSync(events, "utf8");
    fs.writeFileSync(events, text.slice(0, text.indexOf('{"_tag":"StageInterrupted"') - 50));
    expect(listRuns(out)[0]!.state).toBe("interrupted");
    expect(statesOf(out)[1]).toEqual(["add", "interrupted"]);
  });
});

describe("a damaged run", () => {
  const damaged = async (damage: (dir: string) => void) => {
    const out = temporaryDir();
    damage(await finished(out));
    const [run] = listRuns(out);
    expect(readRun("latest", out).id).toBe(run!.id);
    return run!;
  };

  it("is read without its last, torn line", async () => {
    const run = await damaged((dir) => {
      const path = join(dir, "events.jsonl");
      fs.truncateSync(path, fs.statSync(path).size - 9);
    });
    expect(run).toMatchObject({ state: "interrupted", steps: 20, retention: 0.95 });
    expect(run.problems).toEqual([expect.stringMatching(/^events\.jsonl: 1 line .* line \d+$/)]);
  });

  it.each([
    ["is missing", (path: string) => fs.rmSync(path)],
    ["is damaged", (path: string) => fs.truncateSync(path, 40)],
    ["is not complete", (path: string) => fs.writeFileSync(path, '{"format":1}')],
    [
      "has format 7, this version reads 1",
      (path: string) => fs.writeFileSync(path, '{"format":7}'),
    ],
  ])("whose run.json %s is told from its events", async (problem, damage) => {
    const run = await damaged((dir) => damage(join(dir, "run.json")));
    expect(run.problems).toEqual([`run.json ${problem}`]);
    expect(run).toMatchObject({ pipeline: "sums", seed: 1, state: "done", steps: 20 });
    expect(run.startedAt).toMatch(/^\d{4}-/);
    expect(run.domain).toEqual({ before: 0.1, after: 0.7 });
  });

  it("without events is told from its record", async () => {
    const run = await damaged((dir) => fs.rmSync(join(dir, "events.jsonl")));
    expect(run.problems).toEqual(["events.jsonl is missing"]);
    expect(run).toMatchObject({ pipeline: "sums", seed: 1, state: "interrupted", seconds: null });
  });

  it("that is empty is unknown", async () => {
    const run = await damaged((dir) => {
      for (const name of fs.readdirSync(dir)) fs.rmSync(join(dir, name));
    });
    expect(run).toMatchObject({ state: "unknown", pipeline: null, seed: null, startedAt: null });
    expect(run.problems).toHaveLength(2);
  });

  it("names results that are gone from the store", async () => {
    const run = await damaged((dir) => {
      const stages = join(dir, "../../stages");
      const judge = fs.readdirSync(stages).find((name) => name.startsWith("judge-"))!;
      fs.rmSync(join(stages, judge), { recursive: true });
    });
    expect(run.problems).toEqual(["the result of judge is gone from the store"]);
    expect(run).toMatchObject({ state: "done", domain: null, retention: null, steps: 20 });
  });

  it("does not hide the others", async () => {
    const out = temporaryDir();
    const [first, second] = [await finished(out), await finished(out)];
    fs.writeFileSync(join(first, "run.json"), "{");
    fs.writeFileSync(join(out, "runs", "notes.txt"), "not a run");
    const listed = listRuns(out);
    expect(listed.map(({ dir }) => dir).sort()).toEqual([first, second].sort());
    expect(listed.map(({ problems }) => problems.length).sort()).toEqual([0, 1]);
  });
});
