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

  it("goes down a path, through choices, lists and records", () => {
    const inner = Schema.Struct({ depth: option(Schema.Int, { doc: "Depth.", unit: "layers" }) });
    const schema = Schema.Struct({
      choice: Schema.Union([inner, Schema.Struct({ width: Schema.Int }), Schema.Null]),
      list: Schema.Array(inner),
      table: Schema.Record(Schema.String, inner),
    });
    const names = (...path: ReadonlyArray<string>) =>
      documentation(schema, path).map(({ name }) => name);
    expect(names("choice")).toEqual(["depth", "width"]);
    expect(names("list", "3")).toEqual(["depth"]);
    expect(names("table", "anything")).toEqual(["depth"]);
    expect(names("choice", "depth")).toEqual([]);
  });
});

describe("Steps", () => {
  it("takes whole numbers from 1", () => {
    const accepts = Schema.is(Steps({ doc: "Steps." }));
    expect([0, 1, 2.5, -3, 40].filter((value) => accepts(value))).toEqual([1, 40]);
  });
});
