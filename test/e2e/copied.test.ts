/** The pipelines that users copy, run as users run them: tiny checkpoints of the real families, small data in the real layouts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import type { Outcome } from "../support/program.ts";
import {
  cacheModel,
  makeWorkplace,
  writeCoco,
  writeGeneral,
  writeGeometry3k,
  writeOpenI,
} from "../support/real-layouts.ts";

/** `npx tsx pipelines/NAME.ts` in the folder, with a cache of its own and no network. */
async function run(dir: string, name: string): Promise<Outcome> {
  const argv = ["tsx", `pipelines/${name}.ts`, "--steps-scale", "0.003", "--out", "out"];
  const env = { ...process.env, HF_HUB_CACHE: join(dir, "hub"), HF_HUB_OFFLINE: "1" };
  const child = spawn("npx", argv, { cwd: dir, env });
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (piece: string) => {
      text[stream] += piece;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...text };
}

const stages = [
  ...["model", "lora", "data", "warmup", "partialConstraint", "transition", "grpo", "evaluate"],
  "exportModel",
];

/** Everything that every one of them must have done. */
function expectWhole({ code, stdout, stderr }: Outcome, dir: string, name: string): void {
  // A random base answers no general question, so that its retention is no number and the budget on it is not met.
  expect([code, stderr]).toEqual([3, expect.stringContaining("retention: not measured")]);
  const done = [...stdout.matchAll(/^(\w+) {2}done in /gm)].map(([, stage]) => stage);
  expect(done).toEqual(stages);
  for (const row of ["domain accuracy", "general accuracy", "retention", "blank image"]) {
    expect(stdout).toMatch(new RegExp(`^${row} +\\S`, "m"));
  }
  const adapter = join(dir, `${name}-adapter`);
  expect(existsSync(join(adapter, "adapter_model.safetensors"))).toBe(true);
  const config = JSON.parse(readFileSync(join(adapter, "adapter_config.json"), "utf8"));
  expect(config).toMatchObject({ peft_type: "LORA", r: 16, lora_alpha: 32 });
}

/** The metrics of the one step of a stage. */
function metricsOf(dir: string, stage: string): Readonly<Record<string, number>> {
  const folder = readdirSync(join(dir, "out/stages")).find((one) => one.startsWith(`${stage}-`))!;
  const [line] = readFileSync(join(dir, "out/stages", folder, "steps.jsonl"), "utf8").split("\n");
  return JSON.parse(line!).metrics;
}

describe("a pipeline to copy", { timeout: 240_000 }, () => {
  it("geometry3k: Qwen2.5-VL, Parquet of the Hub and solutions of one's own", async () => {
    const dir = temporaryFolder();
    makeWorkplace(dir);
    cacheModel(dir, "models--Qwen--Qwen2.5-VL-3B-Instruct", "qwen2_5_vl");
    await writeGeometry3k(dir);
    await writeGeneral(dir, (image, question, answer) => ({
      images: [image],
      problem: `<image>${question}`,
      answer,
    }));
    const outcome = await run(dir, "geometry3k");
    expectWhole(outcome, dir, "geometry3k");
    expect(outcome.stdout).toContain("3 rows left out, which come again with a worked reference");
    expect(outcome.stdout).toContain("3 worked and 9 answer-only problems, 2 validation, 3 test");
    expect(metricsOf(dir, "partialConstraint").constraintRatio).toBeGreaterThan(0.3);
  });

  it("radiology: reports in OpenI's layout, overlap of what was not imposed", async () => {
    const dir = temporaryFolder();
    makeWorkplace(dir);
    cacheModel(dir, "models--Qwen--Qwen2.5-VL-3B-Instruct", "qwen2_5_vl");
    await writeOpenI(dir);
    await writeGeneral(dir, (image, prompt, answer) => ({ image, prompt, answer }));
    const outcome = await run(dir, "radiology");
    expectWhole(outcome, dir, "radiology");
    expect(outcome.stdout).toContain("2 rows left out, which lack an image or an answer");
    expect(outcome.stdout).toContain("9 worked and 1 answer-only problems, 1 validation, 1 test");
    const metrics = metricsOf(dir, "partialConstraint");
    expect(metrics.constraintRatio).toBeGreaterThan(0.3);
    for (const name of ["rougeL", "bleu", "repetition", "overlong"]) {
      expect(metrics).toHaveProperty(name);
    }
  });

  it("captions: SmolVLM, COCO's own file, CIDEr", async () => {
    const dir = temporaryFolder();
    makeWorkplace(dir);
    cacheModel(dir, "models--HuggingFaceTB--SmolVLM2-500M-Video-Instruct", "smolvlm");
    await writeCoco(dir);
    await writeGeneral(dir, (image, prompt, answer) => ({ image, prompt, answer }));
    const outcome = await run(dir, "captions");
    expectWhole(outcome, dir, "captions");
    expect(outcome.stdout).toContain("50 worked and 0 answer-only problems, 5 validation, 5 test");
    const metrics = metricsOf(dir, "partialConstraint");
    expect(metrics.constraintRatio).toBeGreaterThan(0.3);
    expect(metrics).toHaveProperty("cider");
  });
});
