/** Rewards of one's own within a training stage: what a slow or a throwing one does to it. */
import { beforeAll, describe, expect, it } from "vitest";
import { data, grpo, model, pipeline, type RewardFunction } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { fewProblems, folderForFile, onBestEngine, writeModel } from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const base = folderForFile();
const { domain, general } = fewProblems;

onBestEngine();
beforeAll(() => {
  writeModel(base);
});

type Reward = NonNullable<NonNullable<Parameters<typeof grpo>[0]>["reward"]>;

const run = async (rewards: Record<string, RewardFunction>, reward: Reward) => {
  const { steps } = await runStages(
    temporaryFolder(),
    pipeline("own").pipe(
      model({ from: base }),
      data({
        domain: { ...domain, world: "geometry" },
        general: { ...general, world: "scenes" },
      }),
      grpo({
        ...{ steps: 2, reward, anchor: { weight: 0 } },
        sampling: { prompts: 2, group: 4, maxTokens: 8 },
      }),
    ),
    rewards,
  );
  return steps("grpo");
};

const half: RewardFunction = async ({ completions }) => completions.map(() => 0.5);
const slow: RewardFunction = () => new Promise(() => {});
const touchy: RewardFunction = ({ completions }) =>
  completions.map(() => {
    throw new Error("out of order");
  });

describe("a stage with rewards of one's own", () => {
  it("logs every component with weight by its name, and pays the weighted sum", async () => {
    const own = { half: 2, late: 0 };
    const metrics = await run({ half, late: slow }, { own, overlong: 1, answer: 1, cosine: 0.5 });
    for (const one of metrics) {
      expect(one).toMatchObject({ "reward/half": 0.5, "reward/halfFailures": 0, accuracy: 0 });
      const { overlong = Number.NaN, cosine = Number.NaN, format = 0, steps = 0 } = one;
      expect(one.reward).toBeCloseTo(1 + overlong + 0.5 * cosine, 5);
      expect([format, steps]).toEqual([expect.any(Number), expect.any(Number)]);
      // Without weight it is not even called.
      expect(Object.keys(one).filter((name) => name.includes("late"))).toEqual([]);
    }
  });

  it("ends when one is late or throws, naming it, the prompt and the response", async () => {
    const own = { own: { broken: 1 }, ownSeconds: 0.05 };
    await expect(run({ broken: slow }, own)).rejects.toThrow(
      /stage grpo .*RewardFailed: reward "broken" took longer than 0.05 s; prompt ".+", response "/,
    );
    await expect(run({ broken: touchy }, own)).rejects.toThrow(
      /stage grpo .*RewardFailed: reward "broken" threw Error: out of order; prompt ".+", response "/,
    );
  });

  it("goes on without them where failures earn nothing, counts them, and keeps the others' scores", async () => {
    const own = { own: { broken: 1, half: 1 }, ownErrors: "zero", ownSeconds: 0.05 } as const;
    for (const broken of [slow, touchy]) {
      const metrics = await run({ broken, half }, own);
      expect(metrics).toHaveLength(2);
      for (const one of metrics) {
        expect(one).toMatchObject({
          ...{ "reward/broken": 0, "reward/brokenFailures": 8 },
          ...{ "reward/half": 0.5, "reward/halfFailures": 0, reward: 0.5 },
        });
      }
    }
  });
});
