/** `rcpa plan` as a program: what happens and why, what it costs, and that it starts nothing. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/folder.ts";
import { startFile } from "../../support/program.ts";

const root = resolve(import.meta.dirname, "../../..");
const adder = join(root, "test/support/adder.ts");

function plan(...argv: ReadonlyArray<string>) {
  const command = [join(root, "bin/rcpa.mjs"), "plan", ...argv];
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, command, (error, stdout, stderr) =>
      done({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe("rcpa plan", { timeout: 180_000 }, () => {
  it("tells stored stages from those that run, and names the first difference", async () => {
    const out = temporaryFolder();
    await startFile(adder, ["--engine", "cpu", "--out", out]);
    const runs = readdirSync(join(out, "runs"));
    const same = await plan(adder, "--engine", "cpu", "--out", out, "--mermaid");
    expect(same.stdout).toContain('s0["numbers<br/>stored"]:::hit');
    expect(same.stdout).toContain("s0 -->|numbers| s1");
    const shorter = await plan(adder, "--engine", "cpu", "--out", out, "--steps-scale", "0.5");
    expect(shorter).toMatchObject({ code: 0, stderr: "" });
    expect(shorter.stdout).toMatch(/numbers +stored +nothing to do/);
    expect(shorter.stdout).toMatch(
      /add +run +(options\.)?steps 60 → 30 +not known the stage gives no estimate/,
    );
    expect(readdirSync(join(out, "runs"))).toEqual(runs);
  });

  it("gives operations, memory and time of what is to run, and writes only what it remembers", async () => {
    const [folder, out] = [temporaryFolder(), join(temporaryFolder(), "out")];
    const file = join(folder, "p.mts");
    const text = `import { data, grpo, model, pipeline } from "${root}/src/index.ts";
export default pipeline("p").pipe(model(), data(), grpo({ steps: 5 }));\n`;
    writeFileSync(file, text);
    const { code, stdout } = await plan(file, "--out", out, "--json");
    expect(code).toBe(0);
    const { engine, stages, total } = JSON.parse(stdout);
    expect(stages.map((stage: { id: string; action: string }) => [stage.id, stage.action])).toEqual(
      [
        ["model", "run"],
        ["data", "run"],
        ["grpo", "run"],
      ],
    );
    expect(stages[2]).toMatchObject({ why: "never run", steps: 5, mostSteps: 5 });
    expect(stages[2].flops).toBeGreaterThan(1e9);
    expect(stages[2].seconds).toBeGreaterThan(0);
    expect(stages[2].peakBytes).toBeGreaterThan(stages[2].leastBytes);
    expect(total.seconds).toBeGreaterThanOrEqual(stages[2].seconds);
    expect(total.peakBytes / 1024 ** 3).toBeLessThan(engine.memoryGiB);
    expect(readdirSync(out)).toEqual(["checks"]);
    const again = await plan(file, "--out", out);
    expect(again.stdout).toMatch(/grpo +run +never run +5 steps +[\d.]+ GFLOP +[\d.]+ GiB/);
    expect(again.stdout).toMatch(/in all: [\d.]+ GFLOP, up to [\d.]+ GiB of [\d.]+ GiB on/);
    expect(again.stdout).toContain("± 40 %");
  });

  it("refuses an invalid pipeline with the places of its problems", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "p.mts");
    const text = `import { model, pipeline } from "${root}/src/index.ts";
export default pipeline("p").pipe(model({ from: "nowhere" }));\n`;
    writeFileSync(file, text);
    const { code, stderr } = await plan(file, "--out", join(folder, "out"));
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}:2:43: model.from: there is no model folder`);
    expect(existsSync(join(folder, "out/stages"))).toBe(false);
  });
});
