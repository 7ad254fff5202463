import { arm, model, pipeline, type Study } from "rcpa";
import { describe, expect, it } from "vitest";
import { studyProblems } from "../../src/dsl/study.ts";
import { study } from "../support/study.ts";

const changed = (change: Partial<Study>) => studyProblems({ ...study, ...change });

describe("an arm", () => {
  it("makes a pipeline of each of its settings", () => {
    const { candidates } = arm({
      doc: "One stage",
      settings: [{ name: "a" }, { name: "b" }],
      pipeline: ({ name }) => pipeline(name).pipe(model()),
    });
    expect(candidates.map(({ settings, pipeline: { name } }) => [settings.name, name])).toEqual([
      ["a", "a"],
      ["b", "b"],
    ]);
  });
});

describe("a study", () => {
  it("without problems has none", () => {
    expect(studyProblems(study)).toEqual([]);
  });

  it("says everything that is wrong with it", () => {
    const unread = arm({
      doc: "Reads no test split",
      settings: [{}],
      pipeline: () => pipeline("unread").pipe(model()),
    });
    const none = arm({ doc: "Nothing", settings: [], pipeline: () => pipeline("none").pipe() });
    const found = changed({
      ...{ name: "No", tuneSeeds: [1, 1], seeds: [1, 2.5], keep: 97 },
      arms: { unread, none },
      contrasts: [["unread", "other"]],
    });
    expect(found).toEqual([
      'study No: the name "No" must be lower-case letters, digits and hyphens',
      "study No: keep must be a share from 0 to 1",
      "study No: seeds must be whole numbers",
      "study No: a seed is there twice",
      "study No: a seed chooses settings and is compared",
      "study No: contrasts name no arm: other",
      "study No: unread ends without an evaluation",
      "study No: none has no settings",
    ]);
  });

  it("needs seeds to choose with only where there is something to choose", () => {
    const text = "study learners: arms with several settings need tuneSeeds";
    expect(changed({ tuneSeeds: [] })).toEqual([text]);
    const { slow } = study.arms;
    expect(changed({ tuneSeeds: [], arms: { slow }, contrasts: [] })).toEqual([]);
    expect(changed({ arms: {}, contrasts: [] })).toEqual(["study learners: there are no arms"]);
    expect(changed({ seeds: [] })).toEqual(["study learners: there are no seeds"]);
  });
});
