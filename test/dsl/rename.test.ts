import { describe, expect, it } from "vitest";
import type { DatasetRef, ModelRef } from "../../src/dsl/artifacts.ts";
import { data, evaluate, model, sft } from "../../src/dsl/phases.ts";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { giftFor, label, published, rename } from "../../src/dsl/rename.ts";

declare module "rcpa" {
  interface Artifacts {
    lessons: DatasetRef;
    tutor: ModelRef;
  }
}

describe("rename", () => {
  it("changes what is needed and given, and remembers the handler's names", () => {
    const stage = rename(sft({ steps: 3 }), { policy: "tutor" });
    expect(stage.needs).toEqual(["tutor", "reference", "dataset"]);
    expect(stage.gives).toEqual(["tutor"]);
    expect(stage.names.needs).toMatchObject({ policy: "tutor", reference: "reference" });
    expect(stage.options).toEqual(sft({ steps: 3 }).options);
    expect(Object.isFrozen(stage)).toBe(true);
  });

  it("takes facts along with their artifact", () => {
    const given = rename(data(), { dataset: "lessons" });
    expect(given.provides).toEqual(["lessons.reference", "lessons.answer"]);
    expect(rename(sft(), { dataset: "lessons" }).requires).toEqual(["lessons.reference"]);
  });

  it("goes on from an earlier renaming", () => {
    const twice = rename(rename(sft(), { policy: "tutor" }), { tutor: "exported" });
    expect(twice.names).toEqual(rename(sft(), { policy: "exported" }).names);
  });

  it("may give one artifact in the place of two", () => {
    const stage = rename(evaluate(), { reference: "policy" });
    expect(stage.needs).toEqual(["policy", "dataset"]);
    expect(stage.names.needs).toEqual({
      policy: "policy",
      reference: "policy",
      dataset: "dataset",
    });
    expect(stage.issues).toEqual([]);
  });

  it("reports what callers without a compiler get wrong", () => {
    const careless = rename as unknown as (stage: object, names: object) => ReturnType<typeof sft>;
    const wrong = careless(model(), { policy: "reference", gate: "door" });
    expect(wrong.issues.map(({ message }) => message)).toEqual([
      "has no artifact gate to rename; it has policy, reference",
      "would give two artifacts under the name reference",
    ]);
    expect(wrong.issues[0]?.at?.file).toBe(import.meta.filename);
  });
});

describe("two policies in one pipeline", () => {
  it("are told apart by the check at definition time", () => {
    const stages = [model(), data(), rename(sft(), { policy: "tutor" })] as unknown as [];
    expect(pipeline("tutored").pipe(...stages).issues).toMatchObject([
      { code: "MissingInput", path: "sft@tutor", message: expect.stringContaining("needs tutor") },
    ]);
  });
});

describe("label", () => {
  it("is the name, with the artifacts a stage was moved to", () => {
    expect(label(sft())).toBe("sft");
    expect(label(rename(sft(), { policy: "tutor", dataset: "lessons" }))).toBe("sft@tutor+lessons");
  });
});

describe("the names of handlers and pipelines", () => {
  it("are translated both ways", () => {
    const giver = rename(model(), { policy: "tutor" });
    const taker = rename(sft(), { policy: "tutor" });
    expect(giftFor(taker, "policy", giver)).toBe("policy");
    expect(giftFor(rename(evaluate(), { reference: "tutor" }), "reference", giver)).toBe("policy");
    expect(published(giver, { policy: 1, reference: 2 })).toEqual({ tutor: 1, reference: 2 });
  });
});
