import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { documentation, option, Steps } from "../../src/dsl/option.ts";

describe("documentation", () => {
  it("reads meaning, unit and default of each option back from the Schema", () => {
    const schema = Schema.Struct({
      steps: Steps({ doc: "Training steps.", default: 300 }),
      rate: option(Schema.Finite.check(Schema.isGreaterThan(0)), { doc: "Rate.", unit: "nats" }),
    });
    expect(documentation(schema)).toEqual([
      { name: "steps", doc: "Training steps.", unit: "steps", default: 300 },
      { name: "rate", doc: "Rate.", unit: "nats", default: undefined },
    ]);
  });
});

describe("Steps", () => {
  it("takes whole numbers from 1", () => {
    const accepts = Schema.is(Steps({ doc: "Steps." }));
    expect([0, 1, 2.5, -3, 40].filter((value) => accepts(value))).toEqual([1, 40]);
  });
});
