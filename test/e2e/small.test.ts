/** Every word of RCPA in one real pipeline: the same twice, and the same after being stopped anywhere. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readModelFolder } from "../../src/models/folder.ts";
import { writeSafetensors } from "../../src/models/safetensors.ts";
import { startEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/folder.ts";
import { folderForFile, taughtModel, writeModel } from "../support/learner.ts";
import { after, atOnce, canMount, last, startFile, withSmallDisk } from "../support/program.ts";
import small from "./small.ts";

const file = join(import.meta.dirname, "small.ts");
const root = folderForFile();
let base: string;

beforeAll(async () => {
  await startEngine();
  // A base that solves a few problems, so that rewards differ and every term has a gradient.
  base = await taughtModel(root, writeModel(root), 75);
});

const start = (
  out: string,
  argv: ReadonlyArray<string> = [],
  watch?: Parameters<typeof startFile>[3],
  from = base,
) => startFile(file, ["--out", out, ...argv], { RCPA_TEST_BASE: from }, watch);

/** What a run reports and what it made, as far as time does not enter. */
function essence(stdout: string) {
  const { seconds: _, runDir, modelDir, ...numbers } = JSON.parse(last(stdout));
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(modelDir, name)))
      .digest("hex");
  const weights = ["model.safetensors", "optimizer.safetensors"].map(hash);
  const stages = join(modelDir, "../../..");
  return { ...numbers, weights, evaluation: evaluationIn(stages), rollouts: rolloutsIn(stages) };
}

/** The sampled rollouts of all stages, by stage. */
function rolloutsIn(stages: string) {
  const files = readdirSync(stages)
    .sort()
    .map((name) => [name, join(stages, name, "samples.jsonl")] as const)
    .filter(([, file]) => existsSync(file));
  expect(files).toHaveLength(4);
  return files.map(([name, file]) => [name, readFileSync(file, "utf8")]);
}

function evaluationIn(stages: string): unknown {
  const name = readdirSync(stages).find((one) => one.startsWith("evaluate-"))!;
  return JSON.parse(readFileSync(join(stages, name, "result.json"), "utf8")).outputs;
}

/** Checkpoint `step` of a stage is whole. */
const reached = (out: string, stage: string, step: number) => () => {
  const stages = join(out, "stages");
  const name = `checkpoints/0-${String(step).padStart(8, "0")}`;
  return (
    existsSync(stages) &&
    readdirSync(stages).some(
      (one) => one.startsWith(`${stage}-`) && existsSync(join(stages, one, name)),
    )
  );
};

let undisturbed: Promise<ReturnType<typeof essence>> | undefined;
/** The run that all others must equal. */
const straight = () => {
  undisturbed ??= start(join(root, "straight"), ["--json"]).then(({ stdout }) => essence(stdout));
  return undisturbed;
};

describe("a whole run", { timeout: 120_000 }, () => {
  it("does not begin by being imported", () => {
    expect(small.issues).toEqual([]);
    expect(small.stages).toHaveLength(7);
  });

  it("gives the same numbers and the same weights, bit by bit, for the same seed", async () => {
    const again = await start(temporaryFolder(), ["--json"]);
    expect(again.code).toBe(0);
    expect(essence(again.stdout)).toEqual(await straight());
    const other = await start(temporaryFolder(), ["--json", "--seed", "2"]);
    expect(essence(other.stdout).weights).not.toEqual((await straight()).weights);
  });

  it("has groups with and without spread, so that every term of the loss takes part", async () => {
    await straight();
    const stages = join(root, "straight/stages");
    const folder = readdirSync(stages).find((name) => name.startsWith("partialConstraint-"))!;
    const steps = readFileSync(join(stages, folder, "steps.jsonl"), "utf8")
      .trim()
      .split("\n");
    const metrics = steps.map((line) => JSON.parse(line).metrics);
    expect(metrics).toHaveLength(14);
    const some = (name: string) => metrics.filter((one) => one[name] > 0).length;
    expect(some("reward")).toBeGreaterThan(3);
    expect(metrics.filter((one) => one.policyLoss !== undefined).length).toBeGreaterThan(3);
    expect(some("imitationLoss")).toBeGreaterThan(3);
    expect(some("anchorNats")).toBeGreaterThan(10);
    expect(some("constraintRatio")).toBe(14);
    // Its parts take at least a few million operations each, and all of them processor time.
    const { spent } = JSON.parse(readFileSync(join(stages, folder, "result.json"), "utf8"));
    expect(spent.flops).toBeGreaterThan(1e8);
    expect(spent.cpuSeconds).toBeGreaterThan(0.1);
  });

  it.each(["partialConstraint", "transition", "grpo"])(
    "goes on after kill -9 within %s to the same weights, bit by bit",
    async (stage) => {
      const out = temporaryFolder();
      const killed = await start(out, [], atOnce(reached(out, stage, 2), "SIGKILL"));
      expect(killed.code).toBeNull();
      const resumed = await start(out, ["--json"]);
      expect(resumed.stderr).toMatch(new RegExp(`${stage} +resume   from step \\d`));
      expect(essence(resumed.stdout)).toEqual(await straight());
    },
  );

  it("saves a checkpoint on Ctrl-C, exits 130, and goes on to the same weights", async () => {
    const out = temporaryFolder();
    const cut = await start(out, [], atOnce(reached(out, "partialConstraint", 4), "SIGINT"));
    expect(cut.code).toBe(130);
    const step = /interrupted in stage partialConstraint after step (\d+), checkpoint saved; run/;
    expect(cut.stderr).toMatch(step);
    const resumed = await start(out, ["--json"]);
    const [, number] = step.exec(cut.stderr)!;
    expect(resumed.stderr).toContain(`partialConstraint  resume   from step ${number}`);
    expect(essence(resumed.stdout)).toEqual(await straight());
  });

  it("exits 130 on Ctrl-C between the loops as well", async () => {
    const out = temporaryFolder();
    const cut = await start(out, [], after(/evaluate {2}started/, "SIGINT"));
    expect(cut.code).toBe(130);
    expect(cut.stderr).toMatch(/^interrupted.*; run the same command to go on/m);
    expect(essence((await start(out, ["--json"])).stdout)).toEqual(await straight());
  });

  it.skipIf(!canMount())("stops on a full disk and completes once there is room", () =>
    withSmallDisk("1m", async (out, enlarge) => {
      const full = await start(out);
      expect(full.code).toBe(1);
      expect(full.stderr).toMatch(/^no space left on device while writing .+; free some space/m);
      enlarge("64m");
      const resumed = await start(out, ["--json"]);
      expect(resumed.code).toBe(0);
      expect(essence(resumed.stdout)).toEqual(await straight());
    }),
  );
});

describe("a base that cannot be used", { timeout: 60_000 }, () => {
  const damaged = (damage: (dir: string) => void) => {
    const dir = temporaryFolder();
    cpSync(base, dir, { recursive: true });
    damage(dir);
    return dir;
  };
  const failing = async (from: string) => {
    const { code, stderr } = await start(temporaryFolder(), [], undefined, from);
    expect(code).toBe(2);
    expect(stderr).toContain("1 problem in the pipeline");
    return stderr;
  };

  it("is named when it is not there", async () => {
    const missing = join(root, "nowhere");
    expect(await failing(missing)).toContain(missing);
  });

  it("is named with the file that ends too early", async () => {
    const dir = damaged((own) => truncateSync(join(own, "model.safetensors"), 20_000));
    expect(await failing(dir)).toContain(join(dir, "model.safetensors"));
  });

  it("is named with the tensor that has the wrong shape", async () => {
    const dir = damaged((own) => {
      const { weights } = readModelFolder(own);
      const [rows, columns] = weights.get("model.norm.weight")!.shape;
      expect(columns).toBeUndefined();
      weights.set("model.norm.weight", { shape: [rows! - 1], data: new Float32Array(rows! - 1) });
      writeSafetensors(join(own, "model.safetensors"), weights);
    });
    const message = await failing(dir);
    expect(message).toContain(`model.norm.weight in ${join(dir, "model.safetensors")}`);
    expect(message).toContain("expected [32], found [31]");
  });
});
