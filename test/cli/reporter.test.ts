import { describe, expect, it } from "vitest";
import { plainReporter } from "../../src/cli/reporter.ts";

describe("plainReporter", () => {
  const report = (gapMs: number) => {
    const lines: Array<string> = [];
    let now = 0;
    const { hear } = plainReporter(
      (line) => lines.push(line),
      () => now,
    );
    hear({ _tag: "StageStarted", stage: "grpo", key: "k", attempt: 1, why: "never run" });
    for (let step = 1; step <= 60; step++) {
      now += gapMs;
      hear({ _tag: "StageProgress", stage: "grpo", step, total: 60, metrics: { reward: 1 } });
    }
    hear({ _tag: "StageDone", stage: "grpo", seconds: 65, steps: 60 });
    return lines;
  };

  it("writes progress every 25 steps when steps are fast", () => {
    expect(report(1).map((line) => line.split("  ").slice(0, 2).join(" "))).toEqual([
      "grpo started",
      "grpo 25/60",
      "grpo 50/60",
      "grpo 60/60",
      "grpo done in 1 min 5 s",
    ]);
  });

  it("writes progress every 10 s when steps are slow", () => {
    expect(report(5000).filter((line) => line.includes("/60"))).toHaveLength(30);
  });
});
