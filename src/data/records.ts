/** Rows of a file as values, one at a time, whatever the file's kind: a JSON object a line, columns between tabs, a JSON document, or Parquet. Data layer. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { extname } from "node:path";
import { parseBounded } from "../core/bounded-json.ts";
import { readLines } from "../core/lines.ts";
import { DataInvalid } from "./data-invalid.ts";
import { documentRows } from "./json-document.ts";
import { columnsOf, parquetRows } from "./parquet/rows.ts";
import { tsvRows } from "./tsv.ts";

/** A file of rows, and what it is called in messages. */
export interface RowFile {
  readonly path: string;
  readonly name: string;
}

/** A row or what is wrong with it; `line` is the row's number where rows are no lines, `share` how much of the file is behind it. */
export type RowRecord = { readonly line: number; readonly share: number } & (
  | { readonly value: unknown }
  | { readonly problem: string; readonly field?: string }
);

/** How a file holds its rows, by its ending. */
export function rowKind(path: string): "parquet" | "document" | "tabs" | "lines" {
  switch (extname(path).toLowerCase()) {
    case ".parquet":
      return "parquet";
    case ".json":
      return "document";
    case ".tsv":
      return "tabs";
    default:
      return "lines";
  }
}

/** Rows looked at to find the fields: the first ones may be broken. */
const LOOKED_AT = 20;

/**
 * Names of the fields of the first rows.
 *
 * Fails: `DataInvalid` when the file cannot be read as what its ending says.
 */
export async function fieldsOf(file: RowFile): Promise<ReadonlyArray<ReadonlyArray<string>>> {
  if (rowKind(file.path) === "parquet") {
    const { columns, rows } = await told(file, async () => columnsOf(file.path));
    return rows === 0 ? [] : [columns];
  }
  const found: Array<ReadonlyArray<string>> = [];
  for await (const record of readRecords(file)) {
    if (record.line > LOOKED_AT) break;
    if (!("value" in record)) continue;
    const { value } = record;
    if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
    found.push(Object.keys(value));
  }
  return found;
}

/**
 * Every row of a file.
 *
 * @param wanted names of the fields that are needed; others may be left out
 * Fails: `DataInvalid` when the file cannot be opened.
 * Memory: one line, one document, or the wanted columns of one row group.
 */
export async function* readRecords(
  file: RowFile,
  wanted?: ReadonlySet<string>,
): AsyncGenerator<RowRecord> {
  const records = recordsOf(file, wanted);
  for (;;) {
    const next = await told(file, async () => records.next());
    if (next.done) return;
    yield next.value;
  }
}

function recordsOf(file: RowFile, wanted: ReadonlySet<string> | undefined) {
  switch (rowKind(file.path)) {
    case "parquet":
      return parquetRecords(file, wanted);
    case "document":
      return holdsLines(file.path) ? lineRecords(file.path) : documentRecords(file.path);
    case "tabs":
      return tsvRows(file.path);
    case "lines":
      return lineRecords(file.path);
  }
}

const OPENING = 2 ** 20;

/** Whether a file called `.json` has an object on its first line, and so one on each: benchmarks are often kept so. */
function holdsLines(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const opening = Buffer.alloc(OPENING);
    const text = opening.toString("utf8", 0, readSync(fd, opening, 0, OPENING, 0));
    const end = text.indexOf("\n");
    const first = end < 0 ? undefined : parseBounded(text.slice(0, end));
    return (
      first !== undefined &&
      "value" in first &&
      typeof first.value === "object" &&
      !Array.isArray(first.value) &&
      text.slice(end).trim() !== ""
    );
  } finally {
    closeSync(fd);
  }
}

async function* parquetRecords({ path }: RowFile, wanted: ReadonlySet<string> | undefined) {
  for await (const { number, ...record } of parquetRows(path, wanted)) {
    yield { line: number, ...record };
  }
}

function* documentRecords(path: string): Generator<RowRecord> {
  for (const { number, ...record } of documentRows(path)) yield { line: number, ...record };
}

function* lineRecords(path: string): Generator<RowRecord> {
  let size: number | undefined;
  for (const line of readLines(path)) {
    size ??= Math.max(1, statSync(path).size);
    const place = { line: line.number, share: (line.offset + line.bytes) / size };
    yield { ...place, ...("text" in line ? parseBounded(line.text) : { problem: line.problem }) };
  }
}

/** Runs `body`; errors of the file system and of a damaged file become `DataInvalid`, all else is a fault of the program. */
export async function told<A>({ name, path }: RowFile, body: () => Promise<A>): Promise<A> {
  try {
    return await body();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (
      code === undefined &&
      !(["parquet", "document"].includes(rowKind(path)) && error instanceof RangeError)
    )
      throw error;
    const reason = code === "ENOENT" ? "there is no such file" : message;
    throw new DataInvalid({ file: name, problems: [{ place: name, message: reason }] });
  }
}
