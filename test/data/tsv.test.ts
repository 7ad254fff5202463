/** Tab-separated files: what pandas writes comes back, and damage is told line by line. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { readRecords } from "../../src/data/records.ts";
import { tsvRowAt, tsvRows } from "../../src/data/tsv.ts";
import { temporaryFolder } from "../support/folder.ts";
import { writeTsv } from "../support/suites.ts";

function written(text: string | Buffer): string {
  const path = join(temporaryFolder(), "rows.tsv");
  writeFileSync(path, text);
  return path;
}

const rowsOf = (text: string | Buffer) =>
  [...tsvRows(written(text))].map((row) => [
    row.line,
    "value" in row ? Object.values(row.value) : row.problem,
  ]);

describe("tsvRows", () => {
  it("reads cells with tabs, quotes and line ends, and empty ones as null", () => {
    const text = 'i\tq\tA\r\n1\t"a ""b""\n\nc\td"\tx\n\n2\t5" wide\t\n3\t\t"z"';
    expect(rowsOf(text)).toEqual([
      [2, ["1", 'a "b"\n\nc\td', "x"]],
      [6, ["2", '5" wide', null]],
      [7, ["3", null, "z"]],
    ]);
  });

  it("tells what is wrong, each at its line, and goes on", () => {
    const bytes = Buffer.concat([
      Buffer.from("i\tq\n1\n2\ta\tb\n3\t"),
      Buffer.from([0xff]),
      Buffer.from('\n4\tok\n5\t"open\n6\tx\n'),
    ]);
    expect(rowsOf(bytes)).toEqual([
      [2, "has 1 cells, but the first line names 2"],
      [3, "has 3 cells, but the first line names 2"],
      [4, "the line is not in UTF-8"],
      [5, ["4", "ok"]],
      [6, "has a quote that is never closed"],
    ]);
    expect(rowsOf("a\tb\ta\n1\t2\t3\n")).toEqual([[1, 'names the column "a" twice']]);
    expect(rowsOf("")).toEqual([]);
  });

  it("gives back what was written, also by its place", () => {
    const random = stream(1, "tsv");
    const pieces = [
      "a",
      "é",
      '"',
      '""',
      "\n",
      "\n\n",
      "\t",
      " ",
      ",",
      "__proto__",
      "x".repeat(300),
    ];
    const columns = ["index", "q", "A", "__proto__"];
    for (let round = 0; round < 60; round++) {
      const rows = Array.from({ length: 12 }, (_, index) => ({
        index: `${index}`,
        ...Object.fromEntries(
          ["q", "A"].map((name) => [
            name,
            Array.from({ length: random.integer(5) }, () => random.pick(pieces)).join(""),
          ]),
        ),
      }));
      const path = writeTsv(join(temporaryFolder(), "rows.tsv"), columns.slice(0, 3), rows);
      const found = [...tsvRows(path)];
      const values = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, v]) => [name, v === "" ? null : v])),
      );
      expect(found.map((row) => "value" in row && row.value)).toEqual(values);
      const last = found.at(-1)!;
      expect(tsvRowAt(path, last)).toEqual(Object.values(rows.at(-1)!));
      expect(last.share).toBeCloseTo(1, 1);
    }
  });

  it("is read by its ending wherever rows are", async () => {
    const path = written("a\tb\n1\t2\n");
    const records: Array<unknown> = [];
    for await (const record of readRecords({ path, name: "rows.tsv" })) records.push(record);
    expect(records).toMatchObject([{ line: 2, value: { a: "1", b: "2" } }]);
  });
});
