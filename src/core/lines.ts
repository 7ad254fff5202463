/** The lines of a text file, one at a time, in bounded memory. Serves `data` and `runtime`. */
import { closeSync, openSync, readSync } from "node:fs";

/** A line with its number, counted from 1, and its place in bytes; `problem` says why there is no text. */
export type Line = Place & { readonly number: number } & (
    | { readonly text: string }
    | { readonly problem: string }
  );

/** Part of a file, in bytes. */
export interface Place {
  readonly offset: number;
  readonly bytes: number;
}

/** Default bound on one line: 32 MiB, enough for a large image in base64. */
const MAX_BYTES = 2 ** 25;
const PIECE = 2 ** 18;
const NEWLINE = 10;

/**
 * Every line that holds more than blanks, without its line end; `\n` and `\r\n` end a line.
 *
 * A line longer than `maxBytes` or not in UTF-8 is given as a problem and the next one follows.
 * Fails: with the error of the file system when the file cannot be read.
 * Memory: at most one line and one piece of 256 KiB.
 */
export function* readLines(path: string, maxBytes = MAX_BYTES): Generator<Line> {
  for (const line of readWholeLines(path, maxBytes)) {
    const text = "text" in line ? line.text.trim() : undefined;
    if (text === undefined) yield line;
    else if (text !== "") yield { ...line, text };
  }
}

/** As `readLines`, but every line with all its blanks, empty ones too. */
export function* readWholeLines(path: string, maxBytes = MAX_BYTES): Generator<Line> {
  const file = openSync(path, "r");
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let number = 0;
    for (const { content, ...place } of splitLines(file, maxBytes)) {
      number++;
      const line = decode(content, decoder, maxBytes);
      yield { number, ...place, ...line };
    }
  } finally {
    closeSync(file);
  }
}

function decode(
  bytes: Buffer | undefined,
  decoder: { readonly decode: (bytes: Uint8Array) => string },
  maxBytes: number,
): { readonly text: string } | { readonly problem: string } {
  if (bytes === undefined) return { problem: `the line is longer than ${maxBytes} bytes` };
  try {
    return { text: decoder.decode(bytes).replace(/\r$/, "") };
  } catch {
    return { problem: "the line is not in UTF-8" };
  }
}

/** A line's bytes; without `content` when it is too long. */
type Bytes = Place & { readonly content: Buffer | undefined };

/** The bytes between line ends. */
function* splitLines(file: number, maxBytes: number): Generator<Bytes> {
  let begun: Array<Buffer> = [];
  let [offset, bytes] = [0, 0];
  const take = (piece: Buffer) => {
    bytes += piece.length;
    // What goes on beyond the bound is counted, not kept.
    if (bytes <= maxBytes) begun.push(piece);
    else begun = [];
  };
  const finish = (): Bytes => {
    const line = { offset, bytes, content: bytes <= maxBytes ? Buffer.concat(begun) : undefined };
    offset += bytes + 1;
    [begun, bytes] = [[], 0];
    return line;
  };
  for (;;) {
    const piece = Buffer.allocUnsafe(PIECE);
    const read = piece.subarray(0, readSync(file, piece, 0, PIECE, null));
    if (read.length === 0) break;
    let start = 0;
    for (let end = read.indexOf(NEWLINE); end >= 0; end = read.indexOf(NEWLINE, start)) {
      take(read.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    if (start < read.length) take(read.subarray(start));
  }
  if (bytes > 0) yield finish();
}
