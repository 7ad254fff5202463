import { describe, expect, it } from "vitest";
import { columns, wrapped } from "../../src/cli/table.ts";

describe("columns", () => {
  it("line up, flush right where asked, without spaces at the end", () => {
    const rows = [
      ["name", "n", ""],
      ["grpo", "600", "long"],
      ["x", "7"],
    ];
    expect(columns(rows, [1])).toEqual(["name    n", "grpo  600  long", "x       7"]);
    expect(columns([])).toEqual([]);
  });
});

describe("wrapped", () => {
  it("breaks between pieces and loses none", () => {
    const words = "one two three four five six seven eight nine ten".split(" ");
    const lines = wrapped(words, " ", 11);
    expect(lines.join(" ").split(" ")).toEqual(words);
    expect(lines.every((line) => line.length <= 11)).toBe(true);
    expect(lines.length).toBe(5);
  });

  it("leaves a piece whole that is too long for a line", () => {
    expect(wrapped(["a", "much-too-long", "b"], " ", 5)).toEqual(["a", "much-too-long", "b"]);
  });
});
