import { describe, expect, it } from "vitest";
import type { StageCost } from "../../src/cli/costs.ts";
import { expectedLine, planAsText } from "../../src/cli/plan-text.ts";
import { model, pipeline } from "../../src/index.ts";

const GiB = 1024 ** 3;
const cost = (own: Partial<StageCost>): StageCost => ({
  ...{ id: "model", steps: 10, mostSteps: 10, flops: 2e12, seconds: 100 },
  ...{ peakBytes: 30 * GiB, leastBytes: 20 * GiB },
  ...own,
});

describe("expectedLine", () => {
  it("adds times, takes the largest memory, and leaves out what is not known", () => {
    const second = cost({ seconds: 20, peakBytes: GiB });
    expect(expectedLine([cost({}), second])).toBe(
      "expected: about 2 min 0 s (± 40 %), up to 30 GiB",
    );
    expect(expectedLine([cost({}), cost({ seconds: undefined })])).toBe("expected: up to 30 GiB");
    expect(expectedLine([cost({ seconds: 0, peakBytes: 0 })])).toBeUndefined();
  });
});

describe("planAsText", () => {
  const made = pipeline("p").pipe(model());
  const planned = {
    ...{ id: "model", key: "model-1", stage: made.stages[0]!, sources: {} },
    action: { _tag: "Resume", step: 4, why: "it did not finish" } as const,
    fingerprint: {} as never,
  };
  const engine = {
    ...({ name: "cpu", library: "tfjs", version: "1", device: "a chip", threads: 1 } as const),
    ...{ memoryGiB: 24, freeMemoryGiB: 24, passedOver: [] },
  };
  const text = (own: Partial<StageCost>) =>
    planAsText(
      {
        plan: { pipeline: made, engine: "cpu", stages: [planned] },
        engine,
        execute: undefined as never,
      },
      [cost(own)],
    );

  it("shows what is left of a stage, and what that comes to in all", () => {
    expect(
      text({ steps: 6, mostSteps: 9, peakBytes: 2 * GiB })
        .split("\n")
        .slice(1),
    ).toEqual([
      "plan of p (seed 1)",
      "  model  resume   from step 4  6 steps, at most 9  2.0 TFLOP  2.00 GiB  1 min 40 s",
      "in all: 2.0 TFLOP, up to 2.00 GiB of 24 GiB on a chip, about 1 min 40 s",
      "times from a short measurement on cpu, ± 40 %, 1 min 0 s to 2 min 20 s; longer beside other work",
    ]);
  });

  it("says what does not fit, and whether dividing batches helps", () => {
    expect(text({})).toContain(
      "model does not fit at once: its batches will be divided (at least 20 GiB)",
    );
    expect(text({ leastBytes: 25 * GiB })).toContain(
      "model does not fit at once: it needs at least 25 GiB, also in the smallest pieces",
    );
  });
});
