import { describe, expect, it } from "vitest";
import { readStudyArgs, restrict, studyOptionsText } from "../../../src/cli/study/job.ts";
import { study } from "../../support/study.ts";

const read = (...argv: ReadonlyArray<string>) => readStudyArgs(argv, study);

describe("a study's command line", () => {
  it("is read, with defaults for what is left out", () => {
    expect(read()).toEqual({
      ...{ engine: "auto", stepsScale: 1, out: ".rcpa", json: false, help: false },
      ...{ arms: undefined, seeds: undefined, jobs: 1, to: undefined },
      ...{ dryRun: false, stored: false, cell: undefined },
    });
    const all = ["--arms", "slow,quick", "--seeds", "3,1", "--jobs", "2", "--steps-scale", "0.5"];
    const more = ["--engine", "cpu", "--out", "o", "--to", "r.md", "--dry-run", "--json"];
    expect(read(...all, ...more)).toMatchObject({
      ...{ arms: ["slow", "quick"], seeds: [3, 1], jobs: 2, stepsScale: 0.5 },
      ...{ engine: "cpu", out: "o", to: "r.md", dryRun: true, json: true },
    });
  });

  it.each([
    [["--arms", "quik"], '--arms: there is no arm "quik"; arms: quick, slow, wild'],
    [["--seeds", "1,x"], '--seeds takes whole numbers, as in --seeds 1,2,3, got "1,x"'],
    [["--seeds", ""], '--seeds takes whole numbers, as in --seeds 1,2,3, got ""'],
    [["--jobs", "0"], '--jobs takes a whole number from 1 to 64, got "0"'],
    [["--to", "r.html"], "--to takes a Markdown file"],
    [["--steps-scale", "0"], '--steps-scale takes a number above 0, got "0"'],
    [["--fresh"], "Unknown option '--fresh'"],
  ])("says what is wrong with %j", (argv, text) => {
    expect(read(...argv)).toBe(text);
  });

  it("keeps the arms and seeds it names, and the contrasts among them", () => {
    const asked = (...argv: ReadonlyArray<string>) =>
      restrict(study, read(...argv) as Exclude<ReturnType<typeof read>, string>);
    const few = asked("--arms", "wild,quick", "--seeds", "5");
    expect([Object.keys(few.arms), few.seeds, few.contrasts]).toEqual([
      ...[["wild", "quick"], [5], []],
    ]);
    expect(asked()).toEqual(study);
  });

  it("is explained option by option", () => {
    const options = [...studyOptionsText.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
    expect(new Set(options).size).toBe(options.length);
    expect(options).toContain("--stored");
  });
});
