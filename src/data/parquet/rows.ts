/** Rows of Parquet files, one row group at a time, in the values that JSON has, with images as bytes. Data layer. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { RowGroup, SchemaTree } from "hyparquet";
import { readColumn } from "hyparquet/src/column.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { assembleAsync, asyncGroupToRows } from "hyparquet/src/rowgroup.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import { codecNames } from "./codec.ts";
import { damageFree, type Footer, type ReadBytes, rangeOf, readFooter } from "./footer.ts";
import { checkPages } from "./pages.ts";
import { asJson, parsers } from "./values.ts";

/** A row, or why it cannot be had. */
export type ParquetRow = { readonly number: number; readonly share: number } & (
  | { readonly value: Readonly<Record<string, unknown>> }
  | { readonly problem: string; readonly field?: string }
);

interface Opened {
  readonly read: ReadBytes;
  readonly footer: Footer;
  readonly close: () => void;
}

/**
 * Names of the columns, without reading rows.
 *
 * Fails: throws the error of the file system, or `RangeError` in words for the user.
 */
export function columnsOf(path: string): Pick<Footer, "columns" | "rows"> {
  const { footer, close } = open(path);
  close();
  return footer;
}

/**
 * Every row in its order, with its number counted from 1 and the share of rows seen so far.
 *
 * @param wanted names of the columns to read; undefined for all
 * Fails: throws as `columnsOf`; a damaged row group is given as one problem and the next one follows.
 * Memory: the wanted columns of one row group.
 */
export async function* parquetRows(
  path: string,
  wanted?: ReadonlySet<string>,
): AsyncGenerator<ParquetRow> {
  const { read, footer, close } = open(path);
  try {
    let before = 0;
    for (const [index, group] of footer.groups.entries()) {
      const count = Number(group.num_rows);
      const place = (at: number) => ({
        number: before + at + 1,
        share: (before + at + 1) / footer.rows,
      });
      const rows = await groupRows(group, footer.tree, read, wanted).catch((error: Error) => error);
      if (rows instanceof Error) {
        const which = count === 1 ? `row ${before + 1}` : `rows ${before + 1} to ${before + count}`;
        const problem = `row group ${index + 1} (${which}) is damaged: ${rows.message.slice(0, 200)}`;
        yield { ...place(0), problem };
      } else for (const [at, row] of rows.entries()) yield { ...place(at), ...asJson(row) };
      before += count;
    }
  } finally {
    close();
  }
}

function open(path: string): Opened {
  const file = openSync(path, "r");
  const close = () => closeSync(file);
  const read: ReadBytes = (offset, length) => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const size = readSync(file, bytes, done, length - done, offset + done);
      if (size === 0) throw new RangeError("the file ends too early");
      done += size;
    }
    return bytes;
  };
  try {
    return { read, close, footer: readFooter(read, fstatSync(file).size) };
  } catch (error) {
    close();
    throw error;
  }
}

async function groupRows(
  group: RowGroup,
  tree: SchemaTree,
  read: ReadBytes,
  wanted: ReadonlySet<string> | undefined,
) {
  const groupRows = Number(group.num_rows);
  const asyncColumns = group.columns
    .filter(({ meta_data }) => wanted?.has(meta_data!.path_in_schema[0]!) ?? true)
    .map((column) => decoded(column, groupRows, tree, read));
  const assembled = assembleAsync({ groupStart: 0, groupRows, asyncColumns }, tree, parsers);
  // All are awaited before one may fail, or its siblings would fail unheard.
  await Promise.allSettled(assembled.asyncColumns.map(({ data }) => data));
  for (const { pathInSchema, data } of assembled.asyncColumns) {
    const length = (await data).data.reduce((sum, one) => sum + one.length, 0);
    if (length !== groupRows) throw new RangeError(`${pathInSchema[0]} has ${length} rows`);
  }
  return asyncGroupToRows(assembled, 0, groupRows, undefined, "object");
}

type Column = RowGroup["columns"][number];
type AsyncColumn = Parameters<typeof assembleAsync>[0]["asyncColumns"][number];

const types = ["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY"];

function decoded(
  { meta_data }: Column,
  rows: number,
  tree: SchemaTree,
  read: ReadBytes,
): AsyncColumn {
  const meta = meta_data!;
  const schemaPath = getTreePath(tree, meta.path_in_schema);
  const { element } = schemaPath.at(-1)!;
  if (element.type !== meta.type) throw new RangeError("a column's types disagree");
  const { start, length } = rangeOf(meta);
  const bytes = read(start, length);
  const { unpacked, end } = damageFree(meta.path_in_schema.join("."), () =>
    checkPages(bytes, {
      codec: meta.codec,
      type: types.includes(meta.type) ? types.indexOf(meta.type) : types.length,
      typeLength: element.type_length ?? 0,
      maxRepetition: getMaxRepetitionLevel(schemaPath),
      maxDefinition: getMaxDefinitionLevel(schemaPath),
      values: Number(meta.num_values),
      rows,
    }),
  );
  const unpack = (packed: Uint8Array) => unpacked.get(packed.byteOffset)!;
  const decoder = {
    ...meta,
    ...{ pathInSchema: meta.path_in_schema, element, schemaPath, utf8: false },
    parsers: { ...DEFAULT_PARSERS, ...parsers },
    compressors: Object.fromEntries(codecNames.map((name) => [name, unpack])),
  };
  const reader = { view: new DataView(bytes.buffer, 0, end), offset: 0 };
  const select = { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows };
  return {
    pathInSchema: meta.path_in_schema,
    data: Promise.resolve(readColumn(reader, select, decoder)),
  };
}
