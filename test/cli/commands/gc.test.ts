import { describe, expect, it } from "vitest";
import { command, renderGc } from "../../../src/cli/commands/gc.ts";

const kept = { stages: 2, bytes: 5_240_000 };
const nothing = { removed: [], locked: [], kept, refused: [] };

describe("rcpa gc", () => {
  it("says what went, why, and how much stays", () => {
    const removed = [
      { path: "stages/grpo-1", why: "no run refers to it", bytes: 12_340_000 },
      { path: "stages/sft-2/out.tmp", why: "left by an interrupted process", bytes: 60_000 },
    ];
    expect(renderGc({ ...nothing, removed, locked: ["stages/sft-3"] }, false).split("\n")).toEqual([
      "stages/grpo-1         12.3 MB  no run refers to it",
      "stages/sft-2/out.tmp   0.1 MB  left by an interrupted process",
      "stages/sft-3 is locked by a running process and left alone",
      "freed 12.4 MB; 2 stage folders stay, 5.2 MB",
    ]);
    expect(renderGc({ ...nothing, removed }, true)).toContain(
      "would free 12.4 MB; 2 stage folders",
    );
    expect(renderGc(nothing, false)).toBe("nothing to delete; 2 stage folders stay, 5.2 MB");
  });

  it.each([
    [["--keep-days", "soon"], '--keep-days takes a number of days, got "soon"'],
    [["--keep-days=-1"], '--keep-days takes a number of days, got "-1"'],
    [["--out="], "--out takes a folder"],
    [["--force"], "Unknown option '--force'"],
  ])("refuses %j in words", async (argv, message) => {
    expect(await command(argv)).toBe(message);
  });
});
