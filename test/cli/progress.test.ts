import { describe, expect, it } from "vitest";
import { progressLine } from "../../src/cli/progress.ts";

const event = (step: number, metrics: Record<string, number>) =>
  ({ _tag: "StageProgress", stage: "grpo", step, total: 300, metrics }) as const;

describe("progressLine", () => {
  it("shows the telling metrics by their short names, speed and time left", () => {
    let now = 0;
    const line = progressLine(() => now);
    const metrics = {
      tokens: 500,
      klNats: 0.01234,
      reward: 0.5,
      constraintRatio: 0.25,
      gradNorm: 3,
    };
    expect(line(event(100, metrics))).toBe("100/300  reward 0.5  constraint 0.25  KL 0.0123");
    now = 2000;
    expect(line(event(101, metrics))).toBe(
      "101/300  reward 0.5  constraint 0.25  KL 0.0123  250 tokens/s  6 min 38 s left",
    );
  });

  it("shows what there is when none is known", () => {
    expect(progressLine(() => 0)(event(300, { read: 12, skipped: 1 }))).toBe(
      "300/300  read 12  skipped 1",
    );
  });
});
