/** The footer of a Parquet file: columns and row groups, checked before anything is read by them. Data layer. */

import type { FileMetaData, RowGroup, SchemaTree } from "hyparquet";
import { parquetMetadata, parquetSchema } from "hyparquet";
import { readThrift } from "./thrift.ts";

/** A Parquet file as its footer describes it. */
export interface Footer {
  readonly tree: SchemaTree;
  /** Names of the columns in their order. */
  readonly columns: ReadonlyArray<string>;
  readonly rows: number;
  readonly groups: ReadonlyArray<RowGroup>;
}

/** Reads bytes of the file. */
export type ReadBytes = (offset: number, length: number) => Uint8Array<ArrayBuffer>;

const MAX_FOOTER = 2 ** 28;
const MAX_ROWS = 2 ** 24;
const MAX_DEPTH = 12;
/** Row groups are held whole. */
const MAX_GROUP = 2 ** 31;

/**
 * Reads and checks the footer of a file of `size` bytes.
 *
 * Fails: throws `RangeError` in words for the user.
 */
export function readFooter(read: ReadBytes, size: number): Footer {
  const tail = size >= 12 ? read(size - 8, 8) : new Uint8Array(8);
  const magic = new TextDecoder("latin1").decode(tail.subarray(4));
  if (magic === "PARE") throw new RangeError("is encrypted");
  if (magic !== "PAR1")
    throw new RangeError("is no Parquet file, or was cut off: its end is missing");
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > size - 12 || length > MAX_FOOTER) throw new RangeError("has a damaged footer");
  const bytes = read(size - 8 - length, length + 8);
  const metadata = damageFree("has a damaged footer", () => {
    // The decoder believes lengths of lists; this pass does not.
    readThrift(bytes);
    return parquetMetadata(bytes, { geoparquet: false });
  });
  return damageFree("has a footer that contradicts itself", () => checked(metadata, size));
}

/** What decoders throw, in words: a damaged file makes them fail in many ways. */
export function damageFree<A>(what: string, body: () => A): A {
  try {
    return body();
  } catch (error) {
    throw new RangeError(`${what}: ${(error as Error).message.slice(0, 200)}`);
  }
}

function checked(metadata: FileMetaData, size: number): Footer {
  const tree = parquetSchema(metadata);
  if (tree.count !== metadata.schema.length) throw new RangeError("its schema has loose ends");
  checkTree(tree, 0);
  const columns = tree.children.map(({ element }) => element.name);
  if (new Set(columns).size < columns.length) throw new RangeError("two columns share a name");
  const leaves = leavesOf(tree);
  let rows = 0;
  for (const group of metadata.row_groups) {
    rows += checkGroup(group, leaves, size);
  }
  if (rows !== Number(metadata.num_rows)) throw new RangeError("its numbers of rows disagree");
  return { tree, columns, rows, groups: metadata.row_groups };
}

function checkTree({ element, children }: SchemaTree, depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError("its schema is nested too deep");
  if (typeof element.name !== "string") throw new RangeError("a column has no name");
  if (children.length === 0 && depth > 0 && element.type === undefined) {
    throw new RangeError(`the column ${element.name} has no type`);
  }
  const length = element.type_length ?? 0;
  if (element.type === "FIXED_LEN_BYTE_ARRAY" && !(length > 0 && length <= 2 ** 16)) {
    throw new RangeError(`the column ${element.name} has values of ${length} bytes`);
  }
  for (const child of children) checkTree(child, depth + 1);
}

const leavesOf = ({ children, path }: SchemaTree): ReadonlyArray<string> =>
  children.length === 0 ? [path.join("\0")] : children.flatMap(leavesOf);

/** The rows of a group whose columns are those of the schema and lie within the file. */
function checkGroup(group: RowGroup, leaves: ReadonlyArray<string>, size: number): number {
  const rows = Number(group.num_rows);
  if (!(rows >= 0 && rows <= MAX_ROWS)) throw new RangeError(`a row group of ${rows} rows`);
  const paths = group.columns.map((column) => column.meta_data?.path_in_schema.join("\0"));
  if (paths.length !== leaves.length || paths.some((path, at) => path !== leaves[at])) {
    throw new RangeError("a row group has other columns than the schema");
  }
  let bytes = 0;
  for (const column of group.columns) {
    if (column.file_path) throw new RangeError("its columns lie in other files");
    if (column.crypto_metadata) throw new RangeError("a column is encrypted");
    const { start, length } = rangeOf(column.meta_data!);
    if (start < 4 || length < 0 || start + length > size)
      throw new RangeError("a column lies outside");
    const values = Number(column.meta_data!.num_values);
    if (!(values >= 0 && values <= 4 * MAX_ROWS))
      throw new RangeError("a column of too many values");
    bytes += length;
  }
  if (bytes > MAX_GROUP) throw new RangeError(`a row group of ${bytes} bytes; write smaller ones`);
  return rows;
}

/** Where the bytes of a column's part are. */
export function rangeOf(column: NonNullable<RowGroup["columns"][number]["meta_data"]>) {
  const { dictionary_page_offset, data_page_offset, total_compressed_size } = column;
  const [data, dictionary] = [Number(data_page_offset), Number(dictionary_page_offset ?? 0)];
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  return { start, length: Number(total_compressed_size) };
}
