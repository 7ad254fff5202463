/** Rows of a user's own files: shape detected, read one at a time, problems kept with their place. Data layer. */
import { DataInvalid, type DataProblem, placeOf } from "./data-invalid.ts";
import { fieldsOf, type RowFile, readRecords, rowKind } from "./records.ts";
import { type Row, readRow } from "./row.ts";
import {
  type FieldNames,
  type Layout,
  layoutOf,
  type Reading,
  type Shape,
  shapeNames,
  shapeOf,
} from "./shape.ts";

/** What a line, or a row of Parquet or of a document, gave; `share` is how much of the file is behind it. */
export type ReadLine = {
  readonly line: number;
  readonly share: number;
} & (
  | { readonly row: Row }
  | {
      readonly problems: ReadonlyArray<DataProblem>;
      /** Nothing is wrong but that something is missing. */
      readonly gap: boolean;
    }
);

/** The shape of a file's rows and where their parts are; `shape` is undefined when only a mapping says. */
export interface Detected {
  readonly shape: Shape | undefined;
  readonly layout: Layout;
}

/**
 * Finds out how to read a file.
 *
 * Fails: `DataInvalid` when the file cannot be opened, has no rows, or none of a known shape.
 */
export async function detect(
  file: RowFile,
  shape: Shape | "auto",
  fields: FieldNames,
  reading?: Reading,
): Promise<Detected> {
  const seen = await fieldsOf(file);
  const found = shape === "auto" ? seen.map(shapeOf).find((one) => one !== undefined) : shape;
  const layout = layoutOf(found, fields, reading);
  if (layout !== undefined && seen.length > 0) return { shape: found, layout };
  const { name } = file;
  const keys = [...new Set(seen.flat())].slice(0, 20);
  const empty = {
    parquet: "has no rows",
    document: "has no row that is a JSON object",
    tabs: "has no rows",
    lines: "has no row that is a JSON object; the file must hold one object a line",
  }[rowKind(file.path)];
  const message =
    keys.length === 0
      ? empty
      : `has rows of no known shape (${shapeNames.join(", ")}): their fields are ${keys.join(", ")}; ` +
        `name yours with fields: { question: "${keys[0]}", … }, or ask one question of all with ask: "…"`;
  throw new DataInvalid({ file: name, problems: [{ place: name, message }] });
}

/**
 * Every row of a file, or what is wrong with it.
 *
 * Fails: `DataInvalid` when the file cannot be opened.
 * Memory: one line, one document, or what the layout names of one row group.
 */
export async function* readRows(file: RowFile, layout: Layout): AsyncGenerator<ReadLine> {
  for await (const record of readRecords(file, fieldNames(layout))) {
    const at = { line: record.line, share: record.share };
    const place = (field?: string) => placeOf(file.name, at.line, field);
    if (!("value" in record)) {
      const problems = [{ place: place(record.field), message: record.problem }];
      yield { ...at, problems, gap: false };
      continue;
    }
    const row = readRow(record.value, layout);
    if ("question" in row) yield { ...at, row };
    else {
      const problems = row.map(({ field, message }) => ({ place: place(field), message }));
      yield { ...at, problems, gap: row.every(({ gap }) => gap === true) };
    }
  }
}

function fieldNames(layout: Layout): ReadonlySet<string> {
  const { question, image, answer, response, reference, family } = layout;
  const mapped = [reference, family].filter((name) => name !== undefined);
  return new Set([...question, ...image, ...answer, ...response, ...mapped]);
}
