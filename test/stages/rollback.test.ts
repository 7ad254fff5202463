import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { data, grpo, model, pipeline } from "../../src/index.ts";
import { DEFAULT_HEALTH } from "../../src/rl/health.ts";
import { temporaryFolder } from "../support/folder.ts";
import {
  fewProblems,
  folderForFile,
  onBestEngine,
  taughtModel,
  writeModel,
} from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const [base, root] = [folderForFile(), folderForFile()];
const { domain, general } = fewProblems;
const small = {
  sampling: { prompts: 4, group: 4, maxTokens: 14 },
  anchor: { weight: 0 },
} as const;
let taught = "";

onBestEngine();
beforeAll(async () => {
  writeModel(base);
  taught = await taughtModel(root, base, 60);
});

type Options = NonNullable<Parameters<typeof grpo>[0]>;
const run = (own: Options, from = taught, out = temporaryFolder()) =>
  runStages(
    out,
    pipeline("unhealthy").pipe(
      model({ from }),
      data({
        domain: { ...domain, world: "geometry" },
        general: { ...general, world: "scenes" },
      }),
      grpo({ ...small, ...own }),
    ),
  );

const wild = (
  learningRate: number,
  safeguard: NonNullable<Options["safeguard"]>,
  steps = 12,
): Options => ({
  ...{ steps, optimizer: { learningRate }, safeguard },
  // Pays every response a little something else, so that there is always something to learn.
  reward: { rougeL: 1 },
});
const notesOf = ({ events }: Awaited<ReturnType<typeof run>>) =>
  events.flatMap((event) =>
    event._tag === "StageNote" && event.text.startsWith("rollback") ? [event.text] : [],
  );
const filesOf = ({ artifacts }: Awaited<ReturnType<typeof run>>) => {
  const { dir } = artifacts.policy as { dir: string };
  const names = ["model.safetensors", "optimizer.safetensors", "optimizer.json"];
  return names.map((name) => readFileSync(join(dir, name), "base64"));
};

describe("a stage whose groups are all without spread", () => {
  it("counts them, leaves the weights as they are, and goes on to its end", async () => {
    const done = await run({ steps: 3 }, base);
    const steps = done.steps("grpo");
    expect(steps.map(({ zeroSpreadShare }) => zeroSpreadShare)).toEqual([1, 1, 1]);
    const { dir } = done.artifacts.policy as { dir: string };
    const weights = (folder: string) => readFileSync(join(folder, "model.safetensors"), "base64");
    expect(weights(dir)).toBe(weights(base));
    expect(notesOf(done)).toEqual([]);
  });
});

describe("rollback", () => {
  it("has the defaults of the rule, and does not keep the copy with the result", async () => {
    const { every: _, ...bounds } = grpo().options.safeguard as Record<string, unknown>;
    expect(DEFAULT_HEALTH).toMatchObject(bounds);
    const done = await run(wild(3e-4, { every: 1 }, 3));
    const { dir } = done.artifacts.policy as { dir: string };
    expect(readdirSync(join(dir, ".."))).toEqual(["policy"]);
    expect(notesOf(done)).toEqual([]);
    expect(done.steps("grpo").some((metrics) => "rollbacks" in metrics)).toBe(false);
  });

  it("goes back when KL blows up, halves the rate, recovers, and says so", async () => {
    const done = await run(wild(0.1, { maximumKl: 1, patience: 1, maximumRollbacks: 9 }, 20));
    const steps = done.steps("grpo");
    const notes = notesOf(done);
    expect(notes[0]).toMatch(
      /rollback 1 after step 2: the KL to the base .* the stage's start with 0.5 of/,
    );
    const last = steps.at(-1)!;
    expect(last.rollbacks).toBe(notes.length);
    expect(last.learningRate).toBe(0.1 * 0.5 ** notes.length);
    expect(steps[2]!.learningRate).toBe(0.05);
    // The first measured step after a way back to the start is the base's own: no divergence.
    expect(steps[2]!.klNats).toBeCloseTo(0, 4);
    expect(last.klNats ?? 0).toBeLessThanOrEqual(1);
  });

  it("goes back to exactly what the kept step left", async () => {
    const safeguard = { maximumKl: 0.002, patience: 1, every: 1, maximumRollbacks: 9 };
    const done = await run(wild(3e-4, safeguard, 3));
    const short = await run(wild(3e-4, safeguard, 2));
    expect(notesOf(short)).toEqual([]);
    expect(notesOf(done)).toEqual([expect.stringContaining("back to the state after step 2")]);
    expect(filesOf(done)).toEqual(filesOf(short));
  });

  it("goes back further when the kept state was no good either", async () => {
    const safeguard = { maximumKl: 0.5, patience: 1, every: 1, maximumRollbacks: 9 };
    const notes = notesOf(await run(wild(0.03, safeguard, 3)));
    expect(notes[0]).toContain("back to the state after step 1");
    expect(notes[1]).toContain("back to the stage's start");
  });

  it("notices an entropy that collapses", async () => {
    const notes = notesOf(await run(wild(1, { minimumEntropy: 1, patience: 3 }, 5)));
    expect(notes).toEqual([expect.stringMatching(/^rollback 1 after step 4: the entropy/)]);
  });

  it("notices a reward that collapses", async () => {
    const notes = notesOf(await run(wild(1, { rewardFrom: 0.004, patience: 2 }, 18)));
    expect(notes).toEqual([
      expect.stringMatching(/^rollback 1 after step 1\d: the average reward/),
    ]);
  });

  it("fails after the last rollback allowed, with what broke and where", async () => {
    const safeguard = { minimumEntropy: 100, patience: 1, maximumRollbacks: 2 };
    await expect(run(wild(3e-4, safeguard))).rejects.toThrow(
      /Diverged: after 2 rollbacks the entropy became .* at step 2 of grpo/,
    );
  });
});
