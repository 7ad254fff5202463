/** The pages of one column of one row group, unpacked and held against their headers before anything is decoded. Data layer. */
import { crc32 } from "node:zlib";
import { codecNames, unpackPage } from "./codec.ts";
import { walkHybrid } from "./hybrid.ts";
import { readThrift, type ThriftStruct } from "./thrift.ts";

/** What the file's footer says of a column's part in a row group. */
export interface ColumnPart {
  readonly codec: string;
  /** Numbers as in Parquet's own list, 0 for BOOLEAN up to 7 for fixed lengths. */
  readonly type: number;
  readonly typeLength: number;
  readonly maxRepetition: number;
  readonly maxDefinition: number;
  /** Values with nulls and the elements of lists, and rows. */
  readonly values: number;
  readonly rows: number;
}

/** Unpacked pages by where their packed bytes begin, and where the last one ends. */
export interface Pages {
  readonly unpacked: ReadonlyMap<number, Uint8Array>;
  readonly end: number;
}

const MAX_PAGE = 2 ** 30;
const [DATA, INDEX, DICTIONARY, DATA_V2] = [0, 1, 2, 3];
const [PLAIN, PLAIN_DICTIONARY, RLE, DELTA, DELTA_LENGTH, RLE_DICTIONARY, SPLIT] = [
  ...[0, 2, 3, 5, 6, 8, 9],
];
const readable = [PLAIN, PLAIN_DICTIONARY, RLE, DELTA, DELTA_LENGTH, RLE_DICTIONARY, SPLIT];

/** One page: its header's numbers and its bytes, levels first. */
interface Page {
  readonly count: number;
  readonly encoding: number;
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * Unpacks and checks all pages of a column part.
 *
 * Fails: throws `RangeError` when pages and footer disagree.
 * Memory: the unpacked pages.
 */
export function checkPages(bytes: Uint8Array, part: ColumnPart): Pages {
  if (!codecNames.includes(part.codec)) {
    throw new RangeError(`the compression ${part.codec} is not read; ${codecNames.join(", ")} are`);
  }
  const pages = new Map<number, Uint8Array>();
  let [offset, values, rows, unpacked] = [0, 0, 0, 0];
  let dictionary: number | undefined;
  while (values < part.values) {
    if (offset >= bytes.length) throw new RangeError("pages are missing");
    const { value: header, end } = readThrift(bytes, offset);
    const size = whole(header, 3, bytes.length - end);
    const packed = bytes.subarray(end, end + size);
    offset = end + size;
    checkSum(header, packed);
    const kind = header.get(1);
    unpacked += whole(header, 2, MAX_PAGE);
    if (unpacked > 2 * MAX_PAGE) throw new RangeError("pages unpack to more than 2 GiB");
    if (kind === INDEX) throw new RangeError("an index page stands among the data");
    if (kind === DICTIONARY) {
      if (dictionary !== undefined || values > 0) throw new RangeError("a second dictionary");
      const page = unpackPage(part.codec, packed, whole(header, 2, MAX_PAGE));
      pages.set(end, page);
      dictionary = dictionarySize(header, page, part);
      continue;
    }
    const page =
      kind === DATA
        ? pageOf(header, packed, end, part, pages)
        : kind === DATA_V2
          ? pageOfV2(header, packed, end, part, pages)
          : undefined;
    if (page === undefined) throw new RangeError("a page of an unknown kind");
    rows += checkValues(page, part, dictionary, values === 0);
    values += page.count;
  }
  if (values !== part.values || rows !== part.rows) {
    throw new RangeError(`pages hold ${rows} rows, the row group ${part.rows}`);
  }
  return { unpacked: pages, end: offset };
}

function whole(struct: ThriftStruct | undefined, field: number, most: number): number {
  const value = struct?.get(field);
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new RangeError("a page's header has an odd number");
}

function part(header: ThriftStruct, field: number): ThriftStruct {
  const value = header.get(field);
  if (value instanceof Map) return value;
  throw new RangeError("a page has no header of its kind");
}

function checkSum(header: ThriftStruct, packed: Uint8Array): void {
  const stated = header.get(4);
  if (stated === undefined) return;
  if (typeof stated !== "number" || stated >>> 0 !== crc32(packed)) {
    throw new RangeError("a page's checksum is wrong");
  }
}

function dictionarySize(header: ThriftStruct, page: Uint8Array, column: ColumnPart): number {
  const own = part(header, 7);
  const [count, encoding] = [whole(own, 1, column.values), own.get(2)];
  if (encoding !== PLAIN && encoding !== PLAIN_DICTIONARY)
    throw new RangeError("an odd dictionary");
  checkPlain(page, column, count);
  return count;
}

const nothing = new Uint8Array(0);

function pageOf(
  header: ThriftStruct,
  packed: Uint8Array,
  at: number,
  column: ColumnPart,
  pages: Map<number, Uint8Array>,
): Page {
  const own = part(header, 5);
  const page = unpackPage(column.codec, packed, whole(header, 2, MAX_PAGE));
  pages.set(at, page);
  let offset = 0;
  const levels = (most: number, field: number) => {
    if (most === 0) return nothing;
    if (own.get(field) !== RLE) throw new RangeError("levels of an old kind are not read");
    if (offset + 4 > page.length) throw new RangeError("a page ends too early");
    const size = new DataView(page.buffer, page.byteOffset).getUint32(offset, true);
    const found = page.subarray(offset + 4, offset + 4 + size);
    if (found.length !== size) throw new RangeError("a page ends too early");
    offset += 4 + size;
    return found;
  };
  const repetitions = levels(column.maxRepetition, 4);
  const definitions = levels(column.maxDefinition, 3);
  const count = whole(own, 1, column.values);
  return {
    count,
    encoding: encodingOf(own, 2),
    repetitions,
    definitions,
    data: page.subarray(offset),
  };
}

function pageOfV2(
  header: ThriftStruct,
  packed: Uint8Array,
  at: number,
  column: ColumnPart,
  pages: Map<number, Uint8Array>,
): Page {
  const own = part(header, 8);
  const first = whole(own, 6, packed.length);
  const second = whole(own, 5, packed.length - first);
  const body = packed.subarray(first + second);
  const size = whole(header, 2, MAX_PAGE) - first - second;
  if (size < 0) throw new RangeError("a page's header has an odd number");
  const data = own.get(7) === false ? body : unpackPage(column.codec, body, size);
  if (data.length !== size) throw new RangeError("a page has not the size that its header says");
  pages.set(at + first + second, data);
  const [repetitions, definitions] = [
    packed.subarray(0, first),
    packed.subarray(first, first + second),
  ];
  const count = whole(own, 1, column.values);
  const nulls = whole(own, 2, count);
  const found = nullsOf(definitions, count, column.maxDefinition);
  if (found !== nulls) throw new RangeError(`a page has ${found} nulls, its header says ${nulls}`);
  return { count, encoding: encodingOf(own, 4), repetitions, definitions, data };
}

function encodingOf(own: ThriftStruct, field: number): number {
  const encoding = own.get(field);
  if (typeof encoding === "number" && readable.includes(encoding)) return encoding;
  const name = encoding === 7 ? "DELTA_BYTE_ARRAY" : `number ${encoding}`;
  throw new RangeError(
    `the encoding ${name} is not read; write the file with PLAIN or dictionaries`,
  );
}

const widthOf = (most: number): number => 32 - Math.clz32(most);

function nullsOf(bytes: Uint8Array, count: number, most: number): number {
  if (most === 0) return 0;
  let nulls = 0;
  walkHybrid(
    { bytes, start: 0, end: bytes.length, width: widthOf(most), count },
    (level, times) => {
      if (level > most) throw new RangeError("a level is too high");
      if (level < most) nulls += times;
    },
  );
  return nulls;
}

/** How many rows begin in a page; throws when its values do not fit. */
function checkValues(
  { count, encoding, repetitions, definitions, data }: Page,
  column: ColumnPart,
  dictionary: number | undefined,
  first: boolean,
): number {
  const { maxRepetition, maxDefinition } = column;
  const filled = count - nullsOf(definitions, count, maxDefinition);
  let rows = maxRepetition === 0 ? count : 0;
  if (maxRepetition > 0) {
    let begun = !first;
    const hybrid = { bytes: repetitions, start: 0, end: repetitions.length, count };
    walkHybrid({ ...hybrid, width: widthOf(maxRepetition) }, (level, times) => {
      if (level > maxRepetition || (!begun && level > 0)) throw new RangeError("an odd level");
      begun = true;
      if (level === 0) rows += times;
    });
  }
  if (encoding === PLAIN) checkPlain(data, column, filled);
  else if (encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY) {
    checkIndices(data, filled, dictionary);
  } else if (encoding === RLE) checkFlags(data, filled, column);
  return rows;
}

function checkIndices(data: Uint8Array, count: number, dictionary: number | undefined): void {
  if (dictionary === undefined) throw new RangeError("the dictionary is missing");
  if (count === 0) return;
  const width = data[0];
  if (width === undefined || dictionary === 0) throw new RangeError("a page ends too early");
  if (width === 0 && data.length === 1) return;
  walkHybrid({ bytes: data, start: 1, end: data.length, width, count }, (index) => {
    if (index >= dictionary) throw new RangeError("a value is not in the dictionary");
  });
}

/** Booleans in runs, their length before them. */
function checkFlags(data: Uint8Array, count: number, { type }: ColumnPart): void {
  if (type !== 0) throw new RangeError("runs of values that are not booleans");
  walkHybrid({ bytes: data, start: 4, end: data.length, width: 1, count }, () => {});
}

/** Bytes of a value by its type; texts begin with their length. */
const sizes = [undefined, 4, 8, 12, 4, 8] as const;

function checkPlain(page: Uint8Array, { type, typeLength }: ColumnPart, count: number): void {
  if (type !== 6) {
    const bytes = type === 0 ? Math.ceil(count / 8) : count * (sizes[type] ?? typeLength);
    if (bytes === page.length) return;
    throw new RangeError("a page has too many or too few values");
  }
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let offset = 0;
  for (let index = 0; index < count; index++) {
    if (offset + 4 > page.length) throw new RangeError("a text ends too late");
    offset += 4 + view.getUint32(offset, true);
  }
  if (offset !== page.length) throw new RangeError("a text ends too late");
}
