/** The estimates of whole stages against the operations that real runs of them do, and what stages see before they run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  data,
  evaluate,
  grpo,
  initialize,
  lm,
  model,
  partialConstraint,
  pipeline,
  sft,
  transition,
  warmup,
} from "../../src/index.ts";
import { type Cost, flopsOf, forecast, workOf } from "../../src/runtime/estimate.ts";
import type { Handler } from "../../src/runtime/handler.ts";
import { foresights } from "../../src/stages/foresight.ts";
import { handlers } from "../../src/stages/index.ts";
import { Engine, type EngineInfo } from "../../src/tensor/engine.ts";
import { countOperations } from "../../src/tensor/operations.ts";
import { startEngine } from "../support/engine.ts";
import { runIn } from "../support/runtime.ts";

const few = {
  domain: { world: "geometry", worked: 16, answerOnly: 0, validation: 8, test: 16 },
  general: { world: "scenes", validation: 8, test: 16 },
} as const;
const sampling = { prompts: 4, group: 4, maxTokens: 18 };
const anchor = { prompts: 4, pool: 16 };

const costsOf = ({ stages, seed }: Parameters<typeof runIn>[1]) =>
  forecast(stages, foresights, seed);
const flops = (cost: Cost | undefined) => flopsOf(workOf(cost!));

describe("the estimate of a stage's operations", { timeout: 60_000 }, () => {
  const whole = pipeline("foreseen").pipe(
    model(),
    data(few),
    sft({ steps: 3, prompts: 8, anchor }),
    evaluate({ maxTokens: 18 }),
    grpo({ steps: 2, sampling, anchor }),
    data({ ...few, domain: { ...few.domain, worked: 4, answerOnly: 12 } }),
    lm({ steps: 6, prompts: 4, anchor, optimizer: { recompute: true } }),
  );
  const real = new Map<string, number>();
  const root = mkdtempSync(join(tmpdir(), "rcpa-test-"));
  beforeAll(async () => {
    const engine = await startEngine();
    const counter = countOperations();
    const counted = handlers.map((one) => counting(one, engine, counter.flops, real));
    const { error } = await runIn(root, whole, counted);
    counter.stop();
    expect(error?.message).toBeUndefined();
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each([
    ["sft", 0.8, 1.3],
    ["lm", 0.8, 1.3],
    ["evaluate", 0.8, 1.5],
    // How many groups take part in an update is chance.
    ["grpo", 0.6, 2],
  ])("is near what %s really does", (name, low, high) => {
    const index = whole.stages.findIndex((stage) => stage.name === name);
    const ratio = flops(costsOf(whole)[index]) / real.get(name)!;
    expect(ratio).toBeGreaterThan(low);
    expect(ratio).toBeLessThan(high);
  });
});

/** The handler with its engine, telling how many operations it has done. */
function counting(
  one: Handler<Engine>,
  engine: EngineInfo,
  soFar: () => number,
  real: Map<string, number>,
): Handler {
  const run: Handler["run"] = (context) =>
    Effect.suspend(() => {
      const before = soFar();
      const done = Effect.sync(() => real.set(context.stage, soFar() - before));
      return Effect.ensuring(Effect.provideService(one.run(context), Engine, engine), done);
    });
  return { ...one, run };
}

describe("the forecast of a pipeline", () => {
  type Parts = ReadonlyArray<"vision" | "projector">;
  const phases = (prompts: number, freeze: Parts = [], recompute = false) =>
    pipeline("phases").pipe(
      model(),
      data(few),
      warmup({ steps: 2 }),
      partialConstraint({ maximumSteps: 100, until: 0.5, progress: { minimumSteps: 50 } }),
      transition({ maximumSteps: 100, progress: { minimumSteps: 50 } }),
      grpo({ steps: 10, sampling: { prompts }, optimizer: { freeze, recompute } }),
    );

  it("expects constrained phases to end with their progress, at most with their steps", () => {
    const costs = costsOf(phases(16));
    const steps = costs.map((cost) => [cost!.steps, cost!.mostSteps]);
    expect(steps.slice(2)).toEqual([
      [2, 2],
      [30, 100],
      [30, 100],
      [10, 10],
    ]);
  });

  it("grows with the batch and shrinks with frozen parts", () => {
    const [small, large, frozen] = [
      costsOf(phases(8)),
      costsOf(phases(16)),
      costsOf(phases(16, ["vision", "projector"])),
    ].map((costs) => costs.at(-1)!);
    expect(flops(large)).toBeGreaterThan(1.5 * flops(small));
    expect(large!.peakBytes).toBeGreaterThan(1.3 * small!.peakBytes);
    expect(flops(frozen)).toBeLessThan(flops(large));
    expect(large!.leastBytes).toBeLessThan(small!.peakBytes);
  });

  it("weighs memory against work where layers are computed again", () => {
    const [kept, again] = [costsOf(phases(16)), costsOf(phases(16, [], true))].map(
      (costs) => costs.at(-1)!,
    );
    expect(again!.peakBytes).toBeLessThan(0.8 * kept!.peakBytes);
    expect(flops(again)).toBeGreaterThan(1.05 * flops(kept));
    expect(flops(again)).toBeLessThan(1.35 * flops(kept));
  });

  it("counts every update on the same responses, and the passes for a divergence in the reward", () => {
    const [one, three, inReward] = [{}, { updates: 3 }, { kl: "reward" } as const].map((own) =>
      flopsOf(
        costsOf(
          pipeline("own").pipe(
            model(),
            data(few),
            grpo({ steps: 10, sampling, anchor, objective: own }),
          ),
        ).at(-1)!.perStep,
      ),
    );
    expect(three).toBeGreaterThan(2 * one!);
    expect(three).toBeLessThan(3 * one!);
    expect(inReward).toBeGreaterThan(one!);
  });

  it("expects refilled batches to cost more, within the rounds allowed", () => {
    const [none, two, many] = [0, 2, 64].map((refill) => {
      const stage = grpo({ steps: 10, sampling: { ...sampling, refill }, anchor });
      return flopsOf(costsOf(pipeline("own").pipe(model(), data(few), stage)).at(-1)!.perStep);
    });
    expect(two).toBeGreaterThan(1.1 * none!);
    expect(two).toBeLessThan(3 * none!);
    expect(many).toBeGreaterThan(two!);
    expect(many).toBeLessThan(5 * none!);
  });

  it("counts further tests, which both models answer", () => {
    const also = { hard: { world: "geometry-hard", test: 48 } } as const;
    const [plain, more] = [{}, { also }].map((own) =>
      flops(costsOf(pipeline("own").pipe(model(), data(few), evaluate(own))).at(-1)),
    );
    // 48 domain and 32 general answers, and twice 48 more.
    expect(more! / plain!).toBeGreaterThan(2);
    expect(more! / plain!).toBeLessThan(3.2);
  });

  it("leaves what a resumed stage has done out, and asks the anchor's questions once", () => {
    const [, , first, second] = costsOf(
      pipeline("twice").pipe(model(), data(few), grpo({ steps: 10 }), grpo({ steps: 10 })),
    );
    expect(flops(second)).toBeLessThan(flops(first));
    const perStep = flopsOf(first!.perStep);
    expect(flops(first) - flopsOf(workOf(first!, 4))).toBeCloseTo(4 * perStep, -3);
  });

  it("knows a model that is yet to be made, by its sizes", () => {
    const made = (hidden: number) =>
      costsOf(
        pipeline("made").pipe(initialize({ hidden }), data(few), sft({ on: "general", steps: 1 })),
      ).at(-1);
    expect(flops(made(192))).toBeGreaterThan(2 * flops(made(96)));
  });

  it("says of a stage whose data are not read yet only what its weights take", () => {
    const own = data({ domain: { jsonl: "rows.jsonl" }, general: { world: "scenes" } });
    const cost = costsOf(pipeline("own").pipe(model(), own, sft({ on: "general" }))).at(-1);
    expect(cost).toMatchObject({ unknown: "until data has been read in", perStep: [] });
    expect(cost!.leastBytes).toBeGreaterThan(16 * 4e5);
  });
});
