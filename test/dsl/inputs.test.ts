import { describe, expect, it } from "vitest";
import { inputIssues } from "../../src/dsl/inputs.ts";
import { renderIssue } from "../../src/dsl/issue.ts";
import { data, model, sft, warmup } from "../../src/dsl/phases.ts";
import { rename } from "../../src/dsl/rename.ts";
import type { AnyStage } from "../../src/dsl/stage.ts";

const texts = (...stages: ReadonlyArray<object>) =>
  inputIssues(stages as ReadonlyArray<AnyStage>).map(({ at: _, ...issue }) => renderIssue(issue));
const unworked = () => data({ domain: { world: "geometry", worked: 0 } });

describe("inputIssues", () => {
  it("names what is missing, the stage that gave the artifact without it, and its line", () => {
    const without = unworked();
    expect(texts(model(), without, warmup())).toEqual([
      "warmup: relies on dataset.reference (some training examples carry a worked reference), which no earlier stage provides\n" +
        `    hint: data (line ${without.at?.line}) gives dataset without it, since domain.worked is 0`,
    ]);
  });

  it("says which options of a file leave a fact out", () => {
    expect(texts(model(), data({ domain: { jsonl: "x.jsonl" } }), sft())).toEqual([
      expect.stringContaining(
        "without it, since domain.jsonl is given and domain.fields.reference is null",
      ),
    ]);
  });

  it("lets facts end with the artifact they are about", () => {
    expect(texts(model(), unworked(), data(), sft())).toEqual([]);
    expect(texts(model(), data(), unworked(), sft())).toEqual([
      expect.stringContaining("sft: relies on dataset.reference"),
    ]);
  });

  it("keeps facts about other artifacts of the same type apart", () => {
    const lessons = (stage: object) => rename(stage as never, { dataset: "lessons" } as never);
    expect(texts(model(), data(), lessons(unworked()), sft())).toEqual([]);
    expect(texts(model(), data(), lessons(unworked()), lessons(sft()))).toEqual([
      expect.stringMatching(/^sft@lessons: relies on lessons\.reference, which.*worked is 0$/s),
    ]);
  });

  it("says nothing about facts of an artifact that is missing itself", () => {
    expect(texts(model(), sft())).toEqual([
      "sft: needs dataset, which no earlier stage gives\n    hint: available here: policy, reference",
    ]);
  });
});
