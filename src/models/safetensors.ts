/** Reads and writes safetensors files as float32 arrays. Models layer. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import * as Schema from "effect/Schema";
import type { NamedArray, PiecewiseArray } from "../core/named-array.ts";
import { discard, syncPath } from "./disk.ts";
import {
  fillBytes,
  openFile,
  readBytes,
  readSafetensorsHeader,
  type TensorEntry,
  withFile,
} from "./safetensors-header.ts";

/** A file could not be written whole (full disk, missing folder, no permission); nothing was left behind. */
export class SafetensorsUnwritable extends Schema.TaggedError<SafetensorsUnwritable>()(
  "SafetensorsUnwritable",
  { path: Schema.String, message: Schema.String },
) {}

/**
 * All tensors of a file by name; F16 and BF16 are widened to float32 exactly.
 *
 * Fails: `SafetensorsInvalid` naming file and tensor.
 */
export function readSafetensors(path: string): Map<string, NamedArray> {
  return readTensors(path, readSafetensorsHeader(path));
}

/** The tensors of a file at the places that its header, read before, gives. */
export function readTensors(
  path: string,
  header: ReadonlyMap<string, TensorEntry>,
): Map<string, NamedArray> {
  return withFile(path, (fd) => {
    const arrays = new Map<string, NamedArray>();
    for (const [name, entry] of header) {
      const bytes = readBytes(fd, path, entry.begin, entry.end - entry.begin);
      arrays.set(name, { shape: entry.shape, data: toFloat32(entry.dtype, bytes) });
    }
    return arrays;
  });
}

/** What is read at once of a tensor that goes on in pieces: it stays in the processor's cache until it has been copied. */
const PIECE_BYTES = 2 ** 19;

/**
 * Reads tensors in pieces of about half a MiB, all into the same memory; a file is open while one of its tensors is
 * read.
 *
 * Pieces fail: `SafetensorsInvalid`.
 */
export function pieceReader(): (path: string, entry: TensorEntry) => PiecewiseArray {
  let read = new ArrayBuffer(0);
  let widened = new Float32Array(0);
  function* pieces(path: string, { dtype, shape, begin, end }: TensorEntry) {
    const row = (end - begin) / Math.max(1, shape[0] ?? 1);
    const most = row * Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, row)));
    if (read.byteLength < most) read = new ArrayBuffer(most);
    const fd = openFile(path);
    try {
      for (let at = begin; at < end; at += most) {
        const bytes = Buffer.from(read, 0, Math.min(most, end - at));
        fillBytes(fd, path, at, bytes);
        if (dtype !== "F32" && widened.length < most / 2) widened = new Float32Array(most / 2);
        yield toFloat32(dtype, bytes, widened);
      }
    } finally {
      closeSync(fd);
    }
  }
  function copyTo(path: string, entry: TensorEntry, target: Float32Array) {
    if (entry.dtype === "F32") {
      const bytes = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
      return withFile(path, (fd) => fillBytes(fd, path, entry.begin, bytes));
    }
    let done = 0;
    for (const piece of pieces(path, entry)) {
      target.set(piece, done);
      done += piece.length;
    }
  }
  return (path, entry) => ({
    shape: entry.shape,
    pieces: () => pieces(path, entry),
    copyTo: (target) => copyTo(path, entry, target),
  });
}

/**
 * Writes tensors as F32, in order of name, so that equal content gives equal bytes.
 *
 * The file appears under its name only when it is complete and on disk (temporary file, fsync, rename).
 * Fails: `SafetensorsUnwritable`; defect when an array does not fit its shape.
 */
export function writeSafetensors(
  path: string,
  arrays: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const names = [...arrays.keys()].sort();
  const header = encodeHeader(names, arrays, { format: "pt", ...metadata });
  const partial = `${path}.partial-${process.pid}`;
  try {
    writeParts(partial, [header, ...names.map((name) => bytesOf(arrays.get(name)!.data))]);
    renameSync(partial, path);
    syncPath(dirname(path));
  } catch (error) {
    discard(partial);
    const message = `${path}: cannot write: ${(error as Error).message}`;
    throw new SafetensorsUnwritable({ path, message });
  }
}

function encodeHeader(
  names: ReadonlyArray<string>,
  arrays: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const entries: Array<[string, unknown]> = [["__metadata__", metadata]];
  let offset = 0;
  for (const name of names) {
    const { shape, data } = arrays.get(name)!;
    const elements = shape.reduce((product, length) => product * length, 1);
    if (elements !== data.length || name === "__metadata__") {
      throw new RangeError(`tensor ${name}: ${data.length} elements do not fill [${shape}]`);
    }
    const end = offset + 4 * elements;
    entries.push([name, { dtype: "F32", shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)), "utf8");
  // Spaces after the JSON align the data to 8 bytes, as the format's own writer does.
  const padded = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + padded, " ");
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, 8);
  return header;
}

function writeParts(path: string, parts: ReadonlyArray<Uint8Array>) {
  const fd = openSync(path, "w");
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length; ) {
        at += writeSync(fd, part, at, Math.min(part.length - at, 2 ** 30));
      }
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Values as float32: F32 in place, others at the start of `into`. */
function toFloat32(
  dtype: TensorEntry["dtype"],
  { buffer, byteOffset, byteLength }: Buffer,
  into?: Float32Array,
): Float32Array {
  if (dtype === "F32") return new Float32Array(buffer, byteOffset, byteLength / 4);
  const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
  const values = (into ?? new Float32Array(halves.length)).subarray(0, halves.length);
  if (dtype === "BF16") widenBfloat16(halves, values);
  else widenFloat16(halves, values);
  return values;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(halves: Uint16Array, values: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
}

/** float16: sign 1, exponent 5 (bias 15), fraction 10 bits; every value is exact in float32. */
function widenFloat16(halves: Uint16Array, values: Float32Array): void {
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const sign = half & 0x8000 ? -1 : 1;
    if (exponent === 31) values[i] = fraction === 0 ? sign * Infinity : NaN;
    else if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
    else values[i] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
}
