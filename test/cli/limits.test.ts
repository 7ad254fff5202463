import { describe, expect, it } from "vitest";
import { unmetLimits } from "../../src/cli/limits.ts";
import { evaluate, grpo, model, pipeline } from "../../src/index.ts";
import type { Cost } from "../../src/runtime/estimate.ts";

const GiB = 1024 ** 3;
const cost = (leastGiB: number): Cost => ({
  ...{ steps: 1, mostSteps: 1, perStep: [], around: [] },
  ...{ peakBytes: 2 * leastGiB * GiB, leastBytes: leastGiB * GiB },
});

/** Problems of a pipeline, as `code path`, whose second stage needs so much memory. */
const unmet = (
  budgets: NonNullable<Parameters<typeof pipeline>[1]>["budgets"],
  least: number,
  evaluated = false,
) => {
  const start = pipeline("p", budgets && { budgets });
  const stages = [model(), grpo() as never, ...(evaluated ? [evaluate() as never] : [])];
  const made = start.pipe(...(stages as [ReturnType<typeof model>]));
  return unmetLimits(made, [cost(0), cost(least)]).map(({ code, path }) => `${code} ${path}`);
};

describe("unmetLimits", () => {
  it("wants a stage that measures what a budget is about", () => {
    const budgets = { retention: 0.9, minDomainGain: 0.1, maxHours: 1, maxMemoryGiB: 9 };
    expect(unmet(budgets, 1)).toEqual([
      "UnmeetableBudget p.budgets.retention",
      "UnmeetableBudget p.budgets.minDomainGain",
    ]);
    expect(unmet(budgets, 1, true)).toEqual([]);
  });

  it("holds what is expected against the budget, and the smallest batches against the device", () => {
    expect(unmet({ maxMemoryGiB: 2 }, 0.5)).toEqual([]);
    expect(unmet({ maxMemoryGiB: 2 }, 2)).toEqual(["UnmeetableBudget p.budgets.maxMemoryGiB"]);
    expect(unmet(undefined, 1e6)).toEqual(["TooLittleMemory grpo"]);
  });
});
