/** Rows of files with tabs between the columns, as pandas writes them: quoted cells may hold tabs and line ends. Data layer. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { type Line, type Place, readWholeLines } from "../core/lines.ts";

/** A row, or why it cannot be had; `line` counts lines of the file from 1, `share` is how much of it is behind the row. */
export type TsvRow = Place & { readonly line: number; readonly share: number } & (
    | { readonly value: Readonly<Record<string, string | null>> }
    | { readonly problem: string }
  );

/** One row in all; quoted cells make it many lines. */
const MAX_ROW = 2 ** 25;
const MAX_COLUMNS = 1000;

/**
 * Every row after the first, which names the columns. An empty cell is null.
 *
 * A line that is too long or not in UTF-8, and a row with another number of cells, are given as
 * problems and the next one follows. A quote that is never closed ends the file.
 * Fails: with the error of the file system.
 * Memory: one row, at most 32 MiB.
 */
export function* tsvRows(path: string): Generator<TsvRow> {
  let columns: ReadonlyArray<string> | undefined;
  let size: number | undefined;
  for (const { line, offset, bytes, ...row } of cellRows(path)) {
    size ??= Math.max(1, statSync(path).size);
    const place = { line, offset, bytes, share: Math.min(1, (offset + bytes) / size) };
    if ("problem" in row) yield { ...place, problem: row.problem };
    else if (columns !== undefined) yield { ...place, ...named(columns, row.cells) };
    else {
      columns = row.cells;
      const problem = wrongHeader(columns);
      if (problem !== undefined) {
        yield { ...place, problem };
        return;
      }
    }
  }
}

/** The row that `tsvRows` found at a place, as cells. Fails: with the error of the file system. */
export function tsvRowAt(path: string, { offset, bytes }: Place): ReadonlyArray<string> {
  const content = Buffer.alloc(Math.min(bytes, MAX_ROW));
  const file = openSync(path, "r");
  try {
    readSync(file, content, 0, content.length, offset);
  } finally {
    closeSync(file);
  }
  const row = openRow();
  for (const line of content.toString("utf8").split("\n")) row.feed(line.replace(/\r$/, ""));
  return row.cells();
}

function wrongHeader(columns: ReadonlyArray<string>): string | undefined {
  if (columns.length > MAX_COLUMNS) return `names more than ${MAX_COLUMNS} columns`;
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  return twice === undefined ? undefined : `names the column ${JSON.stringify(twice)} twice`;
}

function named(columns: ReadonlyArray<string>, cells: ReadonlyArray<string>) {
  if (cells.length !== columns.length) {
    return { problem: `has ${cells.length} cells, but the first line names ${columns.length}` };
  }
  const entries = columns.map((name, at) => [name, cells[at] === "" ? null : cells[at]!] as const);
  return { value: Object.fromEntries(entries) };
}

type Cells = Place & { readonly line: number } & (
    | { readonly cells: ReadonlyArray<string> }
    | { readonly problem: string }
  );

function* cellRows(path: string): Generator<Cells> {
  let row = openRow();
  let first: Line | undefined;
  let end = 0;
  for (const line of readWholeLines(path, MAX_ROW)) {
    first ??= line;
    end = line.offset + line.bytes;
    const place = { line: first.number, offset: first.offset, bytes: end - first.offset };
    const problem = "problem" in line ? line.problem : row.feed(line.text);
    if (problem === "open" && place.bytes <= MAX_ROW) continue;
    const whole = row.cells();
    [row, first] = [openRow(), undefined];
    if (problem === "open") {
      yield { ...place, problem: `has a quote that is not closed within ${MAX_ROW} bytes` };
      return;
    }
    if (problem !== undefined) yield { ...place, problem };
    else if (whole.length > 1 || whole[0] !== "") yield { ...place, cells: whole };
  }
  if (first === undefined) return;
  const place = { line: first.number, offset: first.offset, bytes: end - first.offset };
  yield { ...place, problem: "has a quote that is never closed" };
}

/** A row under way, line by line; quotes count only where they open a cell, and are doubled within it. */
function openRow() {
  const cells: Array<string> = [];
  let parts: Array<string> = [];
  let quoted = false;
  const finish = () => {
    cells.push(parts.join(""));
    parts = [];
  };
  const feed = (text: string): "open" | undefined => {
    let at = 0;
    if (quoted) parts.push("\n");
    else quoted = text.startsWith('"') && ++at > 0;
    for (;;) {
      if (quoted) {
        const quote = text.indexOf('"', at);
        if (quote < 0) {
          parts.push(text.slice(at));
          return "open";
        }
        const doubled = text[quote + 1] === '"';
        parts.push(text.slice(at, doubled ? quote + 1 : quote));
        at = quote + (doubled ? 2 : 1);
        quoted = doubled;
        continue;
      }
      const tab = text.indexOf("\t", at);
      parts.push(text.slice(at, tab < 0 ? undefined : tab));
      finish();
      if (tab < 0) return undefined;
      at = tab + 1;
      quoted = text[at] === '"';
      if (quoted) at++;
    }
  };
  return { feed, cells: () => cells };
}
