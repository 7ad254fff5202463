/** JSONL files of a user's own: shape detected, rows read one at a time, problems kept with their place. Data layer. */

import { readLines } from "../core/lines.ts";
import { parseBounded } from "../core/bounded-json.ts";
import { DataInvalid, type DataProblem, placeOf } from "./data-invalid.ts";
import { type Row, readRow } from "./row.ts";
import {
  type FieldNames,
  type Layout,
  layoutOf,
  type Shape,
  shapeNames,
  shapeOf,
} from "./shape.ts";

/** What a line gave. */
export type ReadLine = {
  readonly line: number;
  /** Bytes of the file up to the end of the line. */
  readonly end: number;
} & ({ readonly row: Row } | { readonly problems: ReadonlyArray<DataProblem> });

/** The shape of a file's rows and where their parts are; `shape` is undefined when only a mapping says. */
export interface Detected {
  readonly shape: Shape | undefined;
  readonly layout: Layout;
}

/** Rows looked at to find the shape: the first ones may be broken. */
const LOOKED_AT = 20;

/**
 * Finds out how to read a file.
 *
 * @param name the file as the user wrote it, for messages
 * Fails: `DataInvalid` when the file cannot be opened, has no rows, or none of a known shape.
 */
export function detect(
  path: string,
  name: string,
  shape: Shape | "auto",
  fields: FieldNames,
): Detected {
  const seen = firstObjects(path, name);
  const found = shape === "auto" ? seen.map(shapeOf).find((one) => one !== undefined) : shape;
  const layout = layoutOf(found, fields);
  if (layout !== undefined) return { shape: found, layout };
  const keys = [...new Set(seen.flatMap((row) => Object.keys(row as object)))].slice(0, 20);
  const message =
    keys.length === 0
      ? "has no row that is a JSON object; the file must hold one object a line"
      : `has rows of no known shape (${shapeNames.join(", ")}): their fields are ${keys.join(", ")}; ` +
        `name yours with fields: { question: "${keys[0]}", … }`;
  throw new DataInvalid({ file: name, problems: [{ place: name, message }] });
}

function firstObjects(path: string, name: string): ReadonlyArray<unknown> {
  const objects: Array<unknown> = [];
  let looked = 0;
  for (const line of linesOf(path, name)) {
    if (looked++ >= LOOKED_AT) break;
    const parsed = "text" in line ? parseBounded(line.text) : line;
    if (!("value" in parsed)) continue;
    const { value } = parsed;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) objects.push(value);
  }
  return objects;
}

/**
 * Every row of a file, or what is wrong with it.
 *
 * Fails: `DataInvalid` when the file cannot be opened.
 * Memory: one line at a time.
 */
export function* readRows(path: string, name: string, layout: Layout): Generator<ReadLine> {
  for (const one of linesOf(path, name)) {
    const at = { line: one.number, end: one.offset + one.bytes };
    const place = (field?: string) => placeOf(name, at.line, field);
    const parsed = "text" in one ? parseBounded(one.text) : one;
    if (!("value" in parsed)) {
      yield { ...at, problems: [{ place: place(), message: parsed.problem }] };
      continue;
    }
    const row = readRow(parsed.value, layout);
    if ("question" in row) yield { ...at, row };
    else {
      const problems = row.map(({ field, message }) => ({ place: place(field), message }));
      yield { ...at, problems };
    }
  }
}

function* linesOf(path: string, name: string) {
  try {
    yield* readLines(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = code === "ENOENT" ? "there is no such file" : message;
    throw new DataInvalid({ file: name, problems: [{ place: name, message: reason }] });
  }
}
