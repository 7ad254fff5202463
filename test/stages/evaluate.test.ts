import { beforeAll, describe, expect, it } from "vitest";
import type { Evaluation } from "../../src/index.ts";
import { data, evaluate, model, pipeline, sft } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { fewProblems, folderForFile, onBestEngine, writeModel } from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const base = folderForFile();
const { domain, general } = fewProblems;
const sources = {
  domain: { ...domain, world: "geometry", test: 22 },
  general: { ...general, world: "scenes", test: 14 },
} as const;

onBestEngine();
beforeAll(() => {
  writeModel(base);
});

describe("evaluate", () => {
  it("gives scores that add up, family by family, and reads both models", async () => {
    const learn = { steps: 200, prompts: 8, anchor: { weight: 0 } } as const;
    const { artifacts, events } = await runStages(
      temporaryFolder(),
      pipeline("measure").pipe(
        model({ from: base }),
        data(sources),
        // Enough for the opening of every answer and for a few right colours.
        sft({ ...learn, on: "general", optimizer: { learningRate: 4e-3 } }),
        evaluate({ maxTokens: 18, batch: 9 }),
      ),
    );
    const found = artifacts.evaluation as Evaluation;
    const { families } = found;
    for (const [suite, n] of [
      [found.domain, 22],
      [found.general, 14],
    ] as const) {
      expect([suite.n, suite.before.n, suite.after.n]).toEqual([n, n, n]);
      for (const { accuracy, correct, low, high } of [suite.before, suite.after]) {
        expect(accuracy).toBe(correct / n);
        expect(low).toBeLessThanOrEqual(accuracy);
        expect(high).toBeGreaterThanOrEqual(accuracy);
      }
    }
    const right = (when: "before" | "after") =>
      Object.values(families).reduce((sum, family) => sum + family[when] * family.n, 0);
    expect(Object.values(families).reduce((sum, { n }) => sum + n, 0)).toBe(36);
    for (const when of ["before", "after"] as const) {
      const whole = found.domain[when].correct + found.general[when].correct;
      expect(right(when)).toBeCloseTo(whole, 9);
    }
    expect(found.general.before.correct).toBe(0);
    expect(found.general.after.correct).toBeGreaterThan(0);
    expect(found.blank.n).toBe(22);
    const done = events.flatMap((event) =>
      event._tag === "StageProgress" && event.stage === "evaluate" ? [event.step] : [],
    );
    expect(done.at(-1)).toBe(3 * 22 + 2 * 14);
    expect([...done].sort((a, b) => a - b)).toEqual(done);
  });

  it("has no retention where the base got nothing right, and is whole all the same", async () => {
    const { artifacts } = await runStages(
      temporaryFolder(),
      pipeline("measure").pipe(model({ from: base }), data(sources), evaluate({ maxTokens: 4 })),
    );
    const { retention, general, domain } = artifacts.evaluation as Evaluation;
    expect(retention).toBeNull();
    expect(general.before).toEqual(general.after);
    expect(domain.before).toEqual(domain.after);
  });

  it("measures further tests besides, by family and by what a family is part of", async () => {
    const { artifacts } = await runStages(
      temporaryFolder(),
      pipeline("measure").pipe(
        model({ from: base }),
        data(sources),
        sft({ steps: 2, prompts: 4, anchor: { weight: 0 } }),
        evaluate({
          maxTokens: 4,
          also: { hard: { world: "geometry-hard", test: 36 }, bars: { world: "charts", test: 11 } },
        }),
      ),
    );
    const { also, domain } = artifacts.evaluation as Evaluation;
    expect(domain.n).toBe(22);
    expect(Object.keys(also!)).toEqual(["hard", "bars"]);
    const { hard, bars } = also!;
    expect([hard!.n, hard!.before.n, hard!.after.n, bars!.n]).toEqual([36, 36, 36, 11]);
    const sizes = Object.entries(hard!.families).map(([name, { n }]) => [name, n] as const);
    expect(sizes.slice(0, 3)).toEqual([
      ["chains", 12],
      ["chains/iso", 3],
      ["chains/outside", 3],
    ]);
    const levels = sizes.filter(([name]) => !name.includes("/"));
    expect(levels.map(([name]) => name)).toEqual(["chains", "figures", "numbers"]);
    expect(sizes.reduce((sum, [, n]) => sum + n, 0)).toBe(2 * 36);
  });
});
