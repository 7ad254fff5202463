import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readLines, readWholeLines } from "../../src/core/lines.ts";
import { temporaryFolder } from "../support/folder.ts";

function linesOf(content: string | Uint8Array, maxBytes?: number) {
  const file = join(temporaryFolder(), "lines.txt");
  writeFileSync(file, content);
  return [...readLines(file, maxBytes)].map((line) =>
    "text" in line ? [line.number, line.text] : [line.number, line.problem],
  );
}

it("gives each line with its number, blank ones left out", () => {
  expect(linesOf("one\n\n  \nfour\r\nfive")).toEqual([
    [1, "one"],
    [4, "four"],
    [5, "five"],
  ]);
  expect(linesOf("")).toEqual([]);
  expect(linesOf("\ufeffmarked\n")).toEqual([[1, "marked"]]);
});

it("says which lines are too long or not in UTF-8, and goes on", () => {
  const bytes = Buffer.concat([
    Buffer.from("ab\nabcdef\n"),
    Buffer.from([0xc3, 0x28]),
    Buffer.from("\nyz"),
  ]);
  expect(linesOf(bytes, 5)).toEqual([
    [1, "ab"],
    [2, "the line is longer than 5 bytes"],
    [3, "the line is not in UTF-8"],
    [4, "yz"],
  ]);
});

it("joins lines across pieces and places them exactly", () => {
  const file = join(temporaryFolder(), "lines.txt");
  const texts = Array.from({ length: 9 }, (_, index) => `${index}${"ä".repeat(index * 40_000)}`);
  writeFileSync(file, texts.join("\n"));
  appendFileSync(file, "\n");
  const lines = [...readLines(file)];
  expect(lines.every((line, index) => "text" in line && line.text === texts[index])).toBe(true);
  let offset = 0;
  for (const [index, line] of lines.entries()) {
    const bytes = Buffer.byteLength(texts[index]!);
    expect([line.offset, line.bytes]).toEqual([offset, bytes]);
    offset += bytes + 1;
  }
});

it("gives whole lines with their blanks, empty ones too", () => {
  const file = join(temporaryFolder(), "lines.txt");
  writeFileSync(file, " one\t\n\n\r\nfour \r\nfive");
  const whole = [...readWholeLines(file)];
  expect(whole.map((line) => "text" in line && line.text)).toEqual([
    " one\t",
    "",
    "",
    "four ",
    "five",
  ]);
  expect(whole.map(({ offset, bytes }) => [offset, bytes])).toEqual([
    [0, 5],
    [6, 0],
    [7, 1],
    [9, 6],
    [16, 4],
  ]);
});
