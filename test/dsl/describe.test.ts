import { describe, expect, it } from "vitest";
import { describe as describePipeline } from "../../src/dsl/describe.ts";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { add, numbers } from "../support/adder.ts";

const value = pipeline("sums", { doc: "adds twice" }).pipe(
  numbers({ count: 3 }),
  add({ steps: 4 }),
  add({ steps: 5 }),
);

describe("describe", () => {
  it("tells stages, artifacts and options in text", () => {
    const text = describePipeline(value);
    expect(text).toContain("sums (seed 1) — adds twice");
    expect(text).toContain("2. add: Adds one randomly chosen number a step.");
    expect(text).toContain("numbers → policy\n     steps: 4");
  });

  it("gives JSON with everything that can be set", () => {
    const parsed = JSON.parse(describePipeline(value, "json"));
    expect(parsed.stages[0]).toEqual({
      name: "numbers",
      version: 1,
      doc: "Writes the numbers from 0.",
      needs: [],
      gives: ["numbers"],
      options: { count: 3 },
    });
  });

  it("draws an arrow from the stage that gives to each stage that takes", () => {
    expect(describePipeline(value, "mermaid").split("\n")).toEqual([
      "flowchart TD",
      '  s0["numbers"]',
      '  s1["add"]',
      '  s2["add"]',
      "  s0 -->|numbers| s1",
      "  s0 -->|numbers| s2",
    ]);
  });
});
