/** Reads and checks the header of a safetensors file; nothing in it is trusted. Models layer. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import * as Schema from "effect/Schema";
import { parseBounded } from "../core/bounded-json.ts";

/** A safetensors file breaks the format: `field` is the tensor's name, or the part of the file. */
export class SafetensorsInvalid extends Schema.TaggedError<SafetensorsInvalid>()(
  "SafetensorsInvalid",
  { path: Schema.String, field: Schema.String, message: Schema.String },
) {}

/** The number formats that can be read. */
type SafetensorsDtype = "F32" | "F16" | "BF16";

/** Where one tensor lies: `begin` and `end` are byte offsets in the file. */
export interface TensorEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: ReadonlyArray<number>;
  readonly begin: number;
  readonly end: number;
}

const BYTES: Record<SafetensorsDtype, number> = { F32: 4, F16: 2, BF16: 2 };
/** The format's own bound on the header. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_ELEMENTS = 2 ** 31 - 1;
/** Tensors are objects with lists; metadata is flat. */
const MAX_DEPTH = 8;

/** The error with file and tensor (or part) in its message. */
function safetensorsInvalid(path: string, field: string, problem: string) {
  return new SafetensorsInvalid({ path, field, message: `${path}: ${field}: ${problem}` });
}

/**
 * The tensors that a file declares, by name, after checking that they fill its data exactly once.
 *
 * Fails: `SafetensorsInvalid`.
 */
export function readSafetensorsHeader(path: string): Map<string, TensorEntry> {
  return withFile(path, (fd) => {
    const size = fstatSync(fd).size;
    if (size < 8) throw safetensorsInvalid(path, "header", `file has ${size} bytes; truncated?`);
    const length = Number(readBytes(fd, path, 0, 8).readBigUInt64LE());
    if (length > MAX_HEADER_BYTES || 8 + length > size) {
      const problem = `declares ${length} bytes in a file of ${size}; truncated or not safetensors?`;
      throw safetensorsInvalid(path, "header", problem);
    }
    const text = readBytes(fd, path, 8, length).toString("utf8");
    return parseHeader(path, text, 8 + length, size);
  });
}

/** Opens the file for reading; `SafetensorsInvalid` when that fails. */
export function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw safetensorsInvalid(path, "file", (error as Error).message);
  }
}

/** Runs `body` with the file open for reading and closes it; `SafetensorsInvalid` when it cannot be opened. */
export function withFile<A>(path: string, body: (fd: number) => A): A {
  const fd = openFile(path);
  try {
    return body(fd);
  } finally {
    closeSync(fd);
  }
}

/** Exactly `length` bytes from `offset`, in a buffer of their own (so aligned for typed arrays). */
export function readBytes(fd: number, path: string, offset: number, length: number): Buffer {
  const buffer = Buffer.from(new ArrayBuffer(length));
  fillBytes(fd, path, offset, buffer);
  return buffer;
}

/** Fills `buffer` with the bytes from `offset`. */
export function fillBytes(fd: number, path: string, offset: number, buffer: Buffer): void {
  const { length } = buffer;
  let done = 0;
  while (done < length) {
    const part = Math.min(length - done, 2 ** 30);
    const read = readPart(fd, path, buffer, done, part, offset + done);
    if (read === 0) throw safetensorsInvalid(path, "file", `ends at byte ${offset + done}`);
    done += read;
  }
}

function readPart(fd: number, path: string, to: Buffer, at: number, length: number, from: number) {
  try {
    return readSync(fd, to, at, length, from);
  } catch (error) {
    throw safetensorsInvalid(path, "file", (error as Error).message);
  }
}

function parseHeader(path: string, text: string, start: number, size: number) {
  const parsed = parseBounded(text, MAX_DEPTH);
  if ("problem" in parsed) throw safetensorsInvalid(path, "header", parsed.problem);
  const json = parsed.value;
  if (!isRecord(json)) throw safetensorsInvalid(path, "header", "not a JSON object");
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw safetensorsInvalid(path, repeated, "declared twice");
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name !== "__metadata__") tensors.set(name, parseEntry(path, name, value, start, size));
  }
  checkCover(path, tensors, start, size);
  return tensors;
}

function parseEntry(
  path: string,
  name: string,
  value: unknown,
  start: number,
  size: number,
): TensorEntry {
  if (!isRecord(value)) throw safetensorsInvalid(path, name, "not a JSON object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    const problem = `dtype ${brief(dtype)} is not supported; use F32, F16 or BF16`;
    throw safetensorsInvalid(path, name, problem);
  }
  if (!Array.isArray(shape) || shape.length > 16 || !shape.every(isSize)) {
    throw safetensorsInvalid(path, name, `shape ${brief(shape)} is not a list of sizes`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw safetensorsInvalid(path, name, `data_offsets ${brief(offsets)} is not a pair`);
  }
  const elements = shape.reduce((product, length) => product * length, 1);
  if (elements > MAX_ELEMENTS) {
    throw safetensorsInvalid(path, name, `shape [${shape}] has too many elements`);
  }
  const [begin, end] = [start + offsets[0], start + offsets[1]];
  const problem = placeProblem(dtype, shape, elements, begin, end, size);
  if (problem !== undefined) throw safetensorsInvalid(path, name, problem);
  return { dtype, shape, begin, end };
}

function placeProblem(
  dtype: SafetensorsDtype,
  shape: ReadonlyArray<number>,
  elements: number,
  begin: number,
  end: number,
  size: number,
): string | undefined {
  if (begin > end) return "data_offsets run backwards";
  if (end > size) return `ends at byte ${end} of a file of ${size}; truncated?`;
  const bytes = elements * BYTES[dtype];
  if (end - begin === bytes) return undefined;
  return `shape [${shape}] of ${dtype} needs ${bytes} bytes, data_offsets give ${end - begin}`;
}

/** Tensors may not overlap, leave holes, or leave bytes after the last one. */
function checkCover(path: string, tensors: Map<string, TensorEntry>, start: number, size: number) {
  const order = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = start;
  for (const [name, { begin, end }] of order) {
    if (begin < at) throw safetensorsInvalid(path, name, "overlaps another tensor");
    if (begin > at) throw safetensorsInvalid(path, name, `${begin - at} unused bytes before it`);
    at = end;
  }
  if (at < size) throw safetensorsInvalid(path, "data", `${size - at} unused bytes at the end`);
}

/** The first key that the outermost object of valid JSON `text` has twice, which `JSON.parse` hides. */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]+|\\.)*"(\s*:)?|[{}[\]]/gs)) {
    const token = match[0];
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && match[1] !== undefined) {
      const key: string = JSON.parse(token.slice(0, token.length - match[1].length));
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

/** A value that nobody vouches for, in a message. */
function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === "string" && Object.hasOwn(BYTES, value);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
