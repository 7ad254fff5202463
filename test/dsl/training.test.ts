import { describe, expect, it } from "vitest";
import { grpo, initialize, partialConstraint } from "../../src/dsl/phases.ts";

const messages = ({ issues }: { issues: ReadonlyArray<{ path: string; message: string }> }) =>
  issues.map(({ path, message }) => `${path}: ${message}`);

describe("the options of training", () => {
  it("have defaults throughout", () => {
    const { issues, options } = partialConstraint();
    expect(issues).toEqual([]);
    expect(options).toMatchObject({
      maximumSteps: 300,
      sampling: { prompts: 16, group: 8, temperature: 1 },
      optimizer: { learningRate: 3e-4, clipNorm: 1, freeze: [] },
      anchor: { weight: 0.5 },
      prefix: { maxRatio: 0.8, hintDropout: 0.15 },
      imitation: { strategy: "gated", weight: 1 },
    });
  });

  it("may freeze any part but not all", () => {
    expect(messages(grpo({ optimizer: { freeze: ["vision", "projector"] } }))).toEqual([]);
    expect(messages(grpo({ optimizer: { freeze: ["vision", "text", "projector"] } }))).toEqual([
      expect.stringMatching(/^grpo\.optimizer\.freeze: Expected at least one part left to train/),
    ]);
  });

  it("keep the objective as it was unless told otherwise, and its clip range within bounds", () => {
    expect(grpo().options).toMatchObject({
      objective: {
        ...{ klEstimator: "k3", kl: "loss", epsilonLow: null, epsilonHigh: null },
        ...{ entropyBonus: 0, maskTruncated: false, updates: 1, delta: null, ratio: null },
      },
    });
    const wrong = { epsilonLow: 1.5, epsilonHigh: -1, delta: 0.9, updates: 0, entropyBonus: -1 };
    expect(messages(grpo({ objective: wrong })).map((text) => text.split(":")[0])).toEqual(
      ["epsilonLow", "epsilonHigh", "delta", "entropyBonus", "updates"].map(
        (name) => `grpo.objective.${name}`,
      ),
    );
  });

  it("report every problem with its field", () => {
    const wrong = { sampling: { group: 1, temperature: 0 }, objective: { klWeight: -1 } };
    expect(messages(grpo(wrong)).map((text) => text.split(":")[0])).toEqual([
      "grpo.sampling.group",
      "grpo.sampling.temperature",
      "grpo.objective.klWeight",
    ]);
  });
});

describe("the sizes of a new model", () => {
  it("must divide among its heads", () => {
    expect(messages(initialize({ hidden: 32, visionHidden: 16 }))).toEqual([]);
    expect(messages(initialize({ hidden: 90, visionHidden: 24 }))).toEqual([
      expect.stringMatching(/^initialize\.hidden: Expected a multiple of 8/),
      expect.stringMatching(/^initialize\.visionHidden: Expected a multiple of 16/),
    ]);
  });
});
