import { describe, expect, it } from "vitest";
import { describe as describePipeline } from "../../src/dsl/describe.ts";
import { data, model, sft } from "../../src/dsl/phases.ts";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { rename } from "../../src/dsl/rename.ts";
import { add, numbers } from "../support/adder.ts";

const tutored = pipeline("tutored").pipe(
  model(),
  data(),
  rename(model(), { policy: "exported" }),
  rename(sft(), { policy: "exported" }),
);

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
      requires: [],
      provides: [],
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

  it("shows the names that a renamed stage uses, and what it relies on", () => {
    const text = describePipeline(tutored);
    expect(text).toContain("2. data: ");
    expect(text).toContain("     provides dataset.reference, dataset.answer\n");
    expect(text).toContain("4. sft@exported: ");
    expect(text).toContain(
      "     exported as policy, reference, dataset → policy as exported\n     relies on dataset.reference\n",
    );
    const { stages } = JSON.parse(describePipeline(tutored, "json"));
    expect(stages[3].needs).toEqual(["exported", "reference", "dataset"]);
    expect(stages[3].names.gives).toEqual({ policy: "exported" });
    expect(stages[1].names).toBeUndefined();
    const lines = describePipeline(tutored, "mermaid").split("\n");
    expect(lines).toContain('  s3["sft@exported"]');
    expect(lines.filter((line) => line.endsWith("s3"))).toEqual([
      "  s2 -->|exported, reference| s3",
      "  s1 -->|dataset| s3",
    ]);
  });
});
