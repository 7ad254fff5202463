import * as Effect from "effect/Effect";
import { beforeAll, describe, expect, it } from "vitest";
import { blank } from "../../src/data/grid.ts";
import { loadExamples } from "../../src/stages/dataset.ts";
import type { LoadedModel } from "../../src/stages/policy.ts";
import { scoreGreedily } from "../../src/stages/score.ts";
import {
  fewProblems,
  folderForFile,
  onBestEngine,
  smallOptions,
  taughtModel,
  training,
  writeModel,
} from "../support/learner.ts";

const dir = folderForFile();
const { worked } = loadExamples(fewProblems);
let taught: string;

onBestEngine();
beforeAll(async () => {
  taught = await taughtModel(dir, writeModel(dir), 150);
});

const run = <A>(body: (model: LoadedModel) => A) =>
  training(
    { base: dir, policy: taught, options: smallOptions({ anchor: { weight: 0 } }) },
    (_, { policy }) => body(policy),
  );
const score = (model: LoadedModel, batch: number, own: object = {}) => {
  const seen: Array<number> = [];
  const between = (done: number) => Effect.sync(() => void seen.push(done));
  const options = { maxTokens: 18, batch, ...own };
  return { right: Effect.runSync(scoreGreedily(model, worked, options, between)), seen };
};

describe("scoreGreedily", () => {
  it("knows what has been learnt from what has not", () =>
    run((model) => {
      const { right } = score(model, 8);
      expect(right.slice(0, 4)).toEqual([true, true, true, true]);
      expect(right.slice(4)).toContain(false);
    }));

  it("does not depend on the batch, and reports after each", () =>
    run((model) => {
      const [whole, parts] = [score(model, 100), score(model, 3)];
      expect(parts.right).toEqual(whole.right);
      expect(whole.seen).toEqual([8]);
      expect(parts.seen).toEqual([3, 6, 8]);
    }));

  it("shows another image when one is given", () =>
    run((model) => {
      const blind = score(model, 8, { image: blank() }).right.filter(Boolean).length;
      expect(blind).toBeLessThan(score(model, 8).right.filter(Boolean).length);
    }));
});
