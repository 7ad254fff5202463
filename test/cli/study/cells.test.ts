import { describe, expect, it } from "vitest";
import {
  cellText,
  finalCells,
  pipelineToRun,
  readCellId,
  tuningCells,
} from "../../../src/cli/study/cells.ts";
import { study } from "../../support/study.ts";

describe("cells", () => {
  it("are every setting with every choosing seed, then the chosen one with every seed", () => {
    expect(tuningCells(study, "quick").map(cellText)).toEqual([
      ...["tune/quick/0/101", "tune/quick/1/101"],
    ]);
    expect(tuningCells(study, "slow")).toEqual([]);
    expect(finalCells(study, "quick", 1).map(cellText)).toEqual([
      ...["final/quick/1/1", "final/quick/1/2"],
    ]);
  });

  it("are read as they are written, and nothing else is", () => {
    const cells = [...tuningCells(study, "quick"), ...finalCells(study, "slow", 0)];
    expect(cells.map((cell) => readCellId(cellText(cell), study))).toEqual(cells);
    for (const text of ["", "tune/quick/9/1", "tune/none/0/1", "quick/0/1", "final/slow/0/x"]) {
      expect(readCellId(text, study), text).toBeUndefined();
    }
  });

  it("that choose never read the test split", () => {
    const names = (phase: "tune" | "final") => {
      const cell = { phase, arm: "quick", candidate: 1, seed: 7 } as const;
      const { stages, seed } = pipelineToRun(study, cell, 1);
      return [seed, ...stages.map(({ name }) => name)];
    };
    expect(names("tune")).toEqual([7, "numbers", "add", "learn"]);
    expect(names("final")).toEqual([7, "numbers", "add", "learn", "judge"]);
  });
});
