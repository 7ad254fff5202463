import { beforeAll, describe, expect, it } from "vitest";
import { data, evaluate, lm, model, pipeline } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { fewProblems, folderForFile, onBestEngine, writeModel } from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const base = folderForFile();
const { domain, general } = fewProblems;

onBestEngine();
beforeAll(() => {
  writeModel(base);
});

const train = (
  own: Parameters<typeof lm>[0],
  sizes: { readonly worked: number; readonly answerOnly: number },
) =>
  runStages(
    temporaryFolder(),
    pipeline("read").pipe(
      model({ from: base }),
      data({
        domain: { ...domain, world: "geometry", ...sizes },
        general: { ...general, world: "scenes" },
      }),
      lm({ prompts: 4, optimizer: { learningRate: 3e-3 }, anchor: { weight: 0 }, ...own }),
      evaluate({ maxTokens: 18 }),
    ),
  );

describe("lm", () => {
  it("learns the text of two worked and two answer-only problems: from 5 nats a token to under 0.4 in 90 steps", async () => {
    const { steps, artifacts } = await train({ steps: 90 }, { worked: 2, answerOnly: 2 });
    const losses = steps("lm").map(({ textLoss }) => textLoss!);
    expect(losses[0]).toBeGreaterThan(4.5);
    expect(losses.at(-1)).toBeLessThan(0.4);
    expect(artifacts.evaluation).toBeDefined();
  });

  it("takes part without any reference, under an anchor and in parts", async () => {
    const anchor = { weight: 1, prompts: 4, pool: 8 };
    const { steps } = await train(
      { steps: 3, anchor, microBatch: 2 },
      { worked: 0, answerOnly: 8 },
    );
    const told = steps("lm");
    expect(told.map(({ microBatch }) => microBatch)).toEqual([2, 2, 2]);
    expect(told.at(-1)!.anchorNats).toBeGreaterThan(0);
    expect(told.at(-1)!.textLoss!).toBeLessThan(told[0]!.textLoss!);
  });
});
