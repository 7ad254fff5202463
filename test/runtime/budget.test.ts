import { describe, expect, it } from "vitest";
import { judge, meter, overspent } from "../../src/runtime/budget.ts";
import { BudgetNotMet } from "../../src/runtime/errors.ts";

const score = (accuracy: number) => ({ accuracy, low: 0, high: 1, correct: 1, n: 10 });
const evaluation = {
  domain: { before: score(0.1), after: score(0.7), n: 10 },
  general: { before: score(0.96), after: score(0.95), n: 10 },
  retention: { value: 0.99, low: 0.97, high: 1.01 },
  blank: score(0.09),
  families: {},
};
const spent = { hours: 2, memoryGib: 3 };

describe("judge", () => {
  it("says of every declared budget what was reached and whether that is enough", () => {
    const budgets = { retention: 0.97, minDomainGain: 0.65, maxHours: 2, maxMemoryGiB: 2.5 };
    const verdicts = judge(budgets, spent, { evaluation });
    expect(verdicts.map(({ budget, met }) => [budget, met])).toEqual([
      ["retention", true],
      ["minDomainGain", false],
      ["maxHours", true],
      ["maxMemoryGiB", false],
    ]);
    expect(verdicts[1]!.reached).toBeCloseTo(0.6, 12);
    expect(judge({}, spent, { evaluation })).toEqual([]);
  });

  it("takes what was not measured for missed", () => {
    expect(judge({ retention: 0 }, spent)).toEqual([
      { budget: "retention", limit: 0, reached: null, met: false },
    ]);
  });

  it("words all of them in the error", () => {
    const verdicts = judge({ retention: 0.97, minDomainGain: 0.65, maxHours: 1 }, spent, {
      evaluation: { ...evaluation, retention: null },
    });
    expect(new BudgetNotMet({ verdicts, stage: "grpo", step: 40 }).message).toBe(
      [
        "budget not met; stopped in stage grpo after step 40, checkpoint saved",
        "  not met  retention: not measured, at least 0.97 was asked",
        "  not met  minDomainGain: 0.6, at least 0.65 was asked",
        "  not met  maxHours: 2, at most 1 was asked",
      ].join("\n"),
    );
  });
});

describe("overspent", () => {
  it("looks at time and memory alone, and at what is declared alone", () => {
    const over = (budgets: Parameters<typeof overspent>[0]) =>
      overspent(budgets, spent, { stage: "grpo" });
    expect(over({ retention: 1, minDomainGain: 1, maxHours: 2, maxMemoryGiB: 3 })).toBeUndefined();
    expect(over({ maxHours: 1.9 })).toMatchObject({ _tag: "BudgetNotMet", stage: "grpo" });
    expect(over({ maxMemoryGiB: 2.9 })?.verdicts).toMatchObject([{ reached: 3, met: false }]);
  });
});

describe("meter", () => {
  it("reads time from its start and the memory it is told, by default the process's peak", () => {
    expect(meter(() => 7)().memoryGib).toBe(7);
    const { hours, memoryGib } = meter()();
    expect(hours).toBeGreaterThanOrEqual(0);
    expect(memoryGib).toBeGreaterThan(0.02);
    expect(memoryGib).toBeLessThan(64);
  });
});
