import { describe, expect, it } from "vitest";
import { adjust, pipeline } from "../../src/dsl/pipeline.ts";
import type { AnyStage } from "../../src/dsl/stage.ts";
import { add, numbers } from "../support/adder.ts";

const recipe = (steps: number) => [add({ steps }), add({ steps: steps * 2 })] as const;

describe("pipeline", () => {
  it("is a frozen plain value; recipes spread into it", () => {
    const value = pipeline("twice", { seed: 5 }).pipe(numbers(), ...recipe(3));
    expect(value.stages.map(({ name, options }) => [name, options.steps])).toEqual([
      ["numbers", undefined],
      ["add", 3],
      ["add", 6],
    ]);
    expect(value.seed).toBe(5);
    expect(value.issues).toEqual([]);
    expect(Object.isFrozen(value.stages)).toBe(true);
  });

  it("reports a missing input to callers without a compiler, with what is available", () => {
    const stages = [add({ steps: 1 }), numbers()] as unknown as [AnyStage];
    const { issues } = pipeline("wrong").pipe(...(stages as unknown as []));
    expect(issues).toMatchObject([
      {
        code: "MissingInput",
        path: "add",
        message: "needs numbers, which no earlier stage gives",
        hint: "available here: nothing",
      },
    ]);
  });

  it("collects the problems of its settings and of all stages", () => {
    const value = pipeline("Not Good", { seed: 0.5, budgets: { retention: 95 } }).pipe(
      numbers({ count: 1.5 }),
      add({ steps: 0 }),
    );
    expect(value.issues.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "InvalidSetting pipeline",
      "InvalidSetting Not Good.seed",
      "InvalidSetting Not Good.budgets.retention",
      "InvalidOption numbers.count",
      "InvalidOption add.steps",
    ]);
  });

  it("refuses to be empty", () => {
    expect(pipeline("empty").pipe().issues).toMatchObject([{ code: "EmptyPipeline" }]);
  });
});

describe("adjust", () => {
  it("changes seed and step counts and nothing else", () => {
    const value = pipeline("twice").pipe(numbers({ count: 8 }), ...recipe(10));
    const quick = adjust(value, { seed: 9, stepsScale: 0.25 });
    expect(quick.seed).toBe(9);
    expect(quick.stages.map(({ options }) => options.steps ?? options.count)).toEqual([8, 3, 5]);
    expect(adjust(value, {})).toEqual(value);
  });
});
