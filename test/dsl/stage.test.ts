import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { renderIssue } from "../../src/dsl/issue.ts";
import { option, Steps } from "../../src/dsl/option.ts";
import { define, scaleSteps } from "../../src/dsl/stage.ts";

const train = define({
  name: "train",
  version: 2,
  doc: "Trains.",
  needs: ["policy"],
  gives: ["policy"],
  options: Schema.Struct({
    steps: Steps({ doc: "Training steps." }),
    learningRate: option(Schema.Finite.check(Schema.isBetween({ minimum: 1e-8, maximum: 1 })), {
      doc: "Step size.",
      unit: "-",
      default: 1e-3,
    }),
    schedule: option(
      Schema.Union([
        Schema.Struct({ name: Schema.Literal("constant") }),
        Schema.Struct({
          name: Schema.Literal("warmup"),
          steps: Steps({ doc: "Steps of rise.", default: 20 }),
        }),
      ]),
      { doc: "How the step size changes.", unit: "-", default: { name: "constant" } },
    ),
    logEvery: option(Schema.Int, { doc: "Cadence.", unit: "steps", default: 5, operational: true }),
  }),
});

describe("define", () => {
  it("fills in defaults and gives a frozen plain value", () => {
    const stage = train({ steps: 10 });
    expect(stage.issues).toEqual([]);
    expect(stage.options).toEqual({
      steps: 10,
      learningRate: 1e-3,
      schedule: { name: "constant" },
      logEvery: 5,
    });
    expect(Object.isFrozen(stage.options.schedule)).toBe(true);
    expect(JSON.parse(JSON.stringify(stage))).toEqual(stage);
  });

  it("knows the line where it was called", () => {
    const [stage, here] = [train({ steps: 1 }), new Error("here").stack?.split("\n")[1]];
    expect(here).toContain(`${import.meta.filename}:${stage.at?.line}:`);
  });

  it("collects every problem instead of throwing the first", () => {
    // @ts-expect-error three mistakes on purpose
    const stage = train({ step: 3, learningRate: 7, schedule: { name: "constant" } });
    const texts = stage.issues.map(({ at: _at, ...issue }) => renderIssue(issue));
    expect(stage.issues.map(({ code }) => code).sort()).toEqual([
      "InvalidOption",
      "MissingOption",
      "UnknownOption",
    ]);
    expect(texts).toContain("train.step: unknown option\n    hint: did you mean steps?");
    expect(texts).toContain("train.steps: missing option\n    hint: Training steps. [steps]");
    expect(texts.some((text) => text.startsWith("train.learningRate: Expected"))).toBe(true);
    expect(stage.issues.every(({ at }) => at?.file === import.meta.filename)).toBe(true);
  });

  it("finds the options that count steps, also inside a union, and the operational ones", () => {
    const stage = train({ steps: 10, schedule: { name: "warmup" } });
    expect(stage.steps).toEqual([["steps"], ["schedule", "steps"]]);
    expect(stage.operational).toEqual([["logEvery"]]);
  });
});

describe("scaleSteps", () => {
  it("multiplies, rounds, and never goes below one step", () => {
    const stage = train({ steps: 11, schedule: { name: "warmup", steps: 2 } });
    expect(scaleSteps(stage, 0.1).options).toEqual({
      ...stage.options,
      steps: 1,
      schedule: { name: "warmup", steps: 1 },
    });
    expect(scaleSteps(stage, 2).options.steps).toBe(22);
    expect(stage.options.steps).toBe(11);
  });
});
