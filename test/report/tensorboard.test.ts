import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { tensorboard } from "../../src/report/tensorboard.ts";
import type { Event } from "../../src/runtime/events.ts";
import { appendMeasure } from "../../src/runtime/measures.ts";
import { appendStep } from "../../src/runtime/steps.ts";
import { temporaryDir } from "../support/runtime.ts";

/** `step tag value` of every number in a file. */
function scalarsIn(file: string): ReadonlyArray<string> {
  const bytes = readFileSync(file);
  const lines: Array<string> = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    lines.push(...scalarsOf(bytes.subarray(at + 12, at + 12 + length)));
    at += length + 16;
  }
  return lines;
}

function scalarsOf(message: Uint8Array): ReadonlyArray<string> {
  const reader = new BinaryReader(message);
  let step = 0n;
  let summary: Uint8Array = new Uint8Array();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 2) step = BigInt(reader.int64());
    else if (field === 5) summary = reader.bytes();
    else reader.skip(wire);
  }
  const lines: Array<string> = [];
  for (const values = new BinaryReader(summary); values.pos < values.len; ) {
    values.tag();
    const value = new BinaryReader(values.bytes());
    value.tag();
    const tag = value.string();
    value.tag();
    lines.push(`${step} ${tag} ${value.float()}`);
  }
  return lines;
}

/** A run's folder beside stages with what they recorded. */
function world(stored: Readonly<Record<string, ReadonlyArray<number>>>) {
  const root = temporaryDir();
  const runDir = join(root, "runs/one");
  mkdirSync(runDir, { recursive: true });
  for (const [key, rewards] of Object.entries(stored)) {
    mkdirSync(join(root, "stages", key), { recursive: true });
    const file = join(root, "stages", key, "steps.jsonl");
    for (const [at, reward] of rewards.entries()) {
      appendStep(file, { loop: 0, step: at + 1, metrics: { reward } });
    }
  }
  const hear = tensorboard(runDir, () => 1_795_400_000_000);
  const board = join(runDir, "tensorboard");
  const files = () => readdirSync(board).sort();
  const read = (stage: string) =>
    scalarsIn(join(board, stage, "events.out.tfevents.1795400000.rcpa"));
  return { root, tell: (events: ReadonlyArray<Event>) => events.forEach(hear), files, read };
}

const started = (stage: string, attempt = 1): Event => ({
  ...{ _tag: "StageStarted", stage, key: `${stage}-1`, attempt, why: "never run" },
});
const stepped = (stage: string, step: number, reward: number): Event => ({
  ...{ _tag: "StageProgress", stage, step, total: 3, metrics: { reward } },
});
const done = (stage: string, steps: number): Event => ({
  _tag: "StageDone",
  stage,
  seconds: 1,
  steps,
});

describe("TensorBoard files", () => {
  it("count steps on from stage to stage, one folder each, none for a stage without numbers", () => {
    const { tell, files, read } = world({});
    tell([started("data"), done("data", 0), started("warmup"), stepped("warmup", 1, 0.5)]);
    tell([stepped("warmup", 2, 0.25), done("warmup", 2), started("grpo")]);
    tell([{ _tag: "StageProgress", stage: "grpo", step: 50, total: 100, metrics: {} }]);
    tell([stepped("grpo", 1, 1)]);
    const metrics = { retention: 0.5 };
    tell([{ _tag: "StageMeasured", stage: "grpo", step: 1, metrics }, done("grpo", 1)]);
    expect(files()).toEqual(["2-warmup", "3-grpo"]);
    expect(read("2-warmup")).toEqual(["1 reward/reward 0.5", "2 reward/reward 0.25"]);
    expect(read("3-grpo")).toEqual(["3 reward/reward 1", "3 validation/retention 0.5"]);
  });

  it("hold stored stages whole, and resumed ones from their first step on", () => {
    const { root, tell, read } = world({ "sft-1": [1, 2], "grpo-1": [3] });
    appendMeasure(join(root, "stages/sft-1/measures.jsonl"), {
      step: 2,
      metrics: { retention: 1 },
    });
    tell([{ _tag: "StageCached", stage: "sft", key: "sft-1" }, started("grpo")]);
    tell([{ _tag: "StageResumed", stage: "grpo", step: 1 }, stepped("grpo", 2, 4)]);
    expect(read("1-sft")).toEqual([
      "1 reward/reward 1",
      "2 reward/reward 2",
      "2 validation/retention 1",
    ]);
    expect(read("2-grpo")).toEqual(["3 reward/reward 3", "4 reward/reward 4"]);
  });

  it("hold nothing of an attempt that was made again", () => {
    const { tell, files, read } = world({});
    tell([started("grpo"), stepped("grpo", 1, 7), started("grpo", 2), stepped("grpo", 1, 8)]);
    expect(files()).toEqual(["1-grpo"]);
    expect(read("1-grpo")).toEqual(["1 reward/reward 8"]);
  });
});
