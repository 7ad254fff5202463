import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesOfRewards, missingRewards, reward } from "../../src/cli/own-rewards.ts";
import { stageCode } from "../../src/cli/stage-code.ts";
import { grpo } from "../../src/dsl/phases.ts";
import { brevity } from "../e2e/brevity.ts";
import program from "../e2e/own-rewards.ts";

const folder = join(import.meta.dirname, "../e2e");
const file = join(folder, "own-rewards.ts");
const stage = program.stages.find(({ name }) => name === "grpo")!;
const here = reward(({ prompts }) => prompts.map(() => 1));
const unmarked = () => [];

describe("the code of a stage that pays rewards of one's own", () => {
  it("has the file each is marked in, and the pipeline's for those without a mark", () => {
    const files = (own: Record<string, number>, given: Parameters<typeof filesOfRewards>[1]) =>
      filesOfRewards(grpo({ reward: { own } }), given, file);
    expect(files({ brevity: 1 }, { brevity })).toEqual([join(folder, "brevity.ts")]);
    expect(files({ here: 1, brevity: 1 }, { brevity, here })).toEqual([
      import.meta.filename,
      join(folder, "brevity.ts"),
    ]);
    expect(files({ unmarked: 1 }, { unmarked })).toEqual([file]);
    expect(files({ brevity: 0 }, { brevity })).toEqual([]);
  });

  it("is that of the handler and the rewards together, for those stages alone", () => {
    const code = stageCode({ file, handlers: [], pipeline: program });
    const paths = Object.keys(code(stage).files);
    expect(paths).toContain("src/stages/grpo.ts");
    expect(paths).toContain("rewards: test/e2e/brevity.ts");
    expect(paths).toContain("rewards: test/e2e/own-rewards.ts");
    const free = Object.keys(code(grpo()).files);
    expect(free.filter((path) => path.startsWith("rewards:"))).toEqual([]);
    expect(free.length).toBeGreaterThan(50);
  });
});

describe("missingRewards", () => {
  it("has an issue for each weight of a reward that is not there", () => {
    const stages = [grpo({ reward: { own: { brevity: 1, tidy: 2, off: 0 } } }), grpo()];
    expect(missingRewards(stages, { brevity })).toMatchObject([
      { code: "MissingReward", path: "grpo.reward.own.tidy" },
    ]);
    expect(missingRewards(stages, {})[1]!.message).toContain("none are given");
    expect(missingRewards(stages, { brevity, tidy: here })).toEqual([]);
  });
});
