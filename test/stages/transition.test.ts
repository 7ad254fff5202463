import { beforeAll, describe, expect, it } from "vitest";
import { data, model, partialConstraint, pipeline, transition, warmup } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { fewProblems, folderForFile, onBestEngine, writeModel } from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const base = folderForFile();
const { domain, general } = fewProblems;
const small = {
  sampling: { prompts: 4, group: 2, maxTokens: 14 },
  anchor: { weight: 0 },
} as const;

onBestEngine();
beforeAll(() => {
  writeModel(base);
});

const run = (
  constrained: Parameters<typeof partialConstraint>[0],
  gate: Parameters<typeof transition>[0],
) =>
  runStages(
    temporaryFolder(),
    pipeline("phases").pipe(
      model({ from: base }),
      data({
        domain: { ...domain, world: "geometry" },
        general: { ...general, world: "scenes" },
      }),
      warmup({ ...small, steps: 1 }),
      partialConstraint({ ...small, ...constrained }),
      transition({ ...small, ...gate }),
    ),
  );

const noteOf = ({ events }: Awaited<ReturnType<typeof run>>) =>
  events.find((event) => event._tag === "StageNote" && event.text.includes("lifted"));

describe("transition", () => {
  it("opens at once, by progress, when the constraint is gone already", async () => {
    const progress = { strategy: "linear", duration: 2 } as const;
    const result = await run({ progress, until: 1, maximumSteps: 5 }, { progress });
    expect(result.steps("partialConstraint")).toHaveLength(2);
    expect(result.steps("transition")).toHaveLength(0);
    expect(result.artifacts.gate).toEqual({ reason: "progress", evidence: {} });
    expect(noteOf(result)).toMatchObject({ text: "the constraint is lifted (progress)" });
  });

  it("opens at its limit otherwise, and hands on a curriculum without constraint", async () => {
    const progress = { strategy: "none" } as const;
    const result = await run({ progress, maximumSteps: 2 }, { progress, maximumSteps: 3 });
    expect(result.steps("transition")).toHaveLength(3);
    expect(result.artifacts.gate).toMatchObject({
      reason: "limit",
      evidence: { step: 3, progress: 0 },
    });
    const { state } = result.artifacts.curriculum as { state: { progress: number; step: number } };
    expect(state).toMatchObject({ progress: 1, step: 5 });
  });

  it("opens at once in hard mode when the domain is familiar", async () => {
    const progress = { strategy: "none" } as const;
    const hard = { mode: "hard", familiarity: 0, zeroSpreadLimit: 1, probes: 2 } as const;
    const prefix = { hintDropout: 1 };
    const result = await run(
      { progress, maximumSteps: 1 },
      { ...hard, progress, prefix, maximumSteps: 9 },
    );
    expect(result.steps("transition")).toHaveLength(2);
    expect(result.artifacts.gate).toMatchObject({ reason: "familiarity" });
  });

  it("gives half of the constraint back, once, where free success stays too low", async () => {
    const progress = { strategy: "linear", duration: 4 } as const;
    const watch = { familiarity: 0.5, probes: 2, probation: 5, maximumSteps: 9 };
    const result = await run({ progress, until: 0.5, maximumSteps: 9 }, { ...watch, progress });
    const steps = result.steps("transition");
    // Two steps lift it, two probes find that nothing succeeds, two more lift it again, for good.
    expect(steps.map((metrics) => metrics.progress)).toEqual([0.75, 1, 1, 1, 0.75, 1]);
    expect(steps.slice(2, 4).map((metrics) => metrics.constraintRatio)).toEqual([0, 0]);
    expect(steps[4]!.constraintRatio).toBeGreaterThan(0);
    expect(noteOf(result)).toMatchObject({
      text: "the constraint is lifted (progress); half of it came back once, after step 4",
    });
    expect(result.artifacts.gate).toMatchObject({ evidence: { returnedAfter: 4, step: 2 } });
  });

  it("ends after its probation where free success is enough, also where nothing was left to lift", async () => {
    const progress = { strategy: "linear", duration: 2 } as const;
    const watch = { familiarity: 0, probes: 1, probation: 3 };
    const result = await run({ progress, until: 1, maximumSteps: 5 }, { ...watch, progress });
    expect(result.steps("transition").map((metrics) => metrics.constraintRatio)).toEqual([0, 0, 0]);
    expect(noteOf(result)).toMatchObject({ text: "the constraint is lifted (progress)" });
  });

  it("fades in gradual mode within the steps allowed", async () => {
    const progress = { strategy: "none" } as const;
    const soft = { familiarity: 0, zeroSpreadLimit: 1, probes: 1, fadeSteps: 3 } as const;
    const result = await run(
      { progress, maximumSteps: 1 },
      { ...soft, progress, prefix: { hintDropout: 1 }, maximumSteps: 9 },
    );
    const reached = result.steps("transition").map((metrics) => metrics.progress!);
    expect(reached).toHaveLength(4);
    [0, 1 / 3, 2 / 3, 1].forEach((share, step) => {
      expect(reached[step]).toBeCloseTo(share, 9);
    });
    expect(result.artifacts.gate).toMatchObject({ reason: "familiarity" });
  });
});
