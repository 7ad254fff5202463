import { describe, expect, it } from "vitest";
import { progressLine, progressLines } from "../../src/cli/progress.ts";

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

describe("progressLines", () => {
  const metrics = {
    ...{ reward: 1.6243, accuracy: 0.79296, familiarity: 0.83078, constraintRatio: 0.18836 },
    ...{ klNats: 5.2911, loss: 0.32812, tokensPerSecond: 4974 },
  };
  const lines = (width: number) => {
    let now = 0;
    const show = progressLines(
      () => width,
      () => now,
    );
    show(event(100, metrics));
    now = 60_000;
    return show(event(120, metrics));
  };

  it("puts where it stands above what it measures", () => {
    expect(lines(100)).toEqual([
      "120/300  9 min 0 s left  4,974 tokens/s",
      "reward 1.62  accuracy 0.793  familiarity 0.831  constraint 0.188  KL 5.29  loss 0.328",
    ]);
  });

  it.each([72, 40, 12])("keeps within %i columns, whole pieces only", (width) => {
    const whole = lines(200).map((line) => line.split("  "));
    const shown = lines(width);
    expect(shown.every((line) => line.length <= width)).toBe(true);
    for (const [index, line] of shown.entries()) {
      const pieces = line.split("  ");
      expect(pieces).toEqual(whole[index]!.slice(0, pieces.length));
    }
  });
});
