import { beforeAll, describe, expect, it } from "vitest";
import { data, evaluate, model, pipeline, sft } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { fewProblems, folderForFile, onBestEngine, writeModel } from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const base = folderForFile();
const { domain, general } = fewProblems;
const few = data({
  domain: { ...domain, world: "geometry", worked: 4 },
  general: { ...general, world: "scenes" },
});

onBestEngine();
beforeAll(() => {
  writeModel(base);
});

const train = (own: Parameters<typeof sft>[0]) =>
  runStages(
    temporaryFolder(),
    pipeline("teach").pipe(
      model({ from: base }),
      few,
      sft({ prompts: 4, optimizer: { learningRate: 3e-3 }, anchor: { weight: 0 }, ...own }),
      evaluate({ maxTokens: 18 }),
    ),
  );

describe("sft", () => {
  it("learns four worked problems: from 5 nats a token to under 0.3 in 90 steps", async () => {
    const { steps } = await train({ steps: 90 });
    const losses = steps("sft").map(({ supervisedLoss }) => supervisedLoss!);
    expect(losses).toHaveLength(90);
    expect(losses[0]).toBeGreaterThan(4.5);
    expect(losses.at(-1)).toBeLessThan(0.3);
  });

  it("is held near the base by an anchor", async () => {
    const options = { steps: 20, anchor: { weight: 5, prompts: 4, pool: 8 } };
    const { steps } = await train(options);
    const nats = steps("sft").map(({ anchorNats }) => anchorNats!);
    expect(Math.abs(nats[0]!)).toBeLessThan(1e-6);
    expect(nats.at(-1)).toBeGreaterThan(0);
    const loose = (await train({ ...options, anchor: { ...options.anchor, weight: 0.01 } })).steps;
    expect(loose("sft").at(-1)!.anchorNats).toBeGreaterThan(2 * nats.at(-1)!);
  });

  it("draws an endless stream of general examples, none of them twice", async () => {
    const { steps } = await train({ on: "general", steps: 12 });
    const losses = steps("sft").map(({ supervisedLoss }) => supervisedLoss!);
    expect(new Set(losses).size).toBe(12);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });
});
