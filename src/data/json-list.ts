/** The elements of a list in a large JSON file, one at a time, without holding the file. Data layer. */
import { closeSync, openSync, readSync } from "node:fs";
import { parseBounded } from "../core/bounded-json.ts";
import type { Place } from "../core/lines.ts";

/** An element with its number counted from 1 and its place in bytes, or why it cannot be had. */
export type ListElement = Place & { readonly number: number } & (
    | { readonly value: unknown }
    | { readonly problem: string }
  );

const PIECE = 2 ** 18;
/** One element; an annotation with ten answers takes a kilobyte. */
const MAX_ELEMENT = 2 ** 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The objects of the list that stands under `key` in the file's outermost object.
 *
 * An element that is too long or no JSON is given as a problem and the next one follows; a file that
 * has no such list, or ends within it, gives one problem at its end.
 * Fails: with the error of the file system.
 * Memory: one element, at most 1 MiB, and one piece of the file.
 */
export function* jsonList(path: string, key: string): Generator<ListElement> {
  const file = openSync(path, "r");
  try {
    yield* elements(file, Buffer.from(JSON.stringify(key)));
  } finally {
    closeSync(file);
  }
}

/** The element that `jsonList` found at a place, parsed. Fails: with the error of the file system. */
export function jsonElementAt(file: number, { offset, bytes }: Place): unknown {
  const content = Buffer.alloc(bytes);
  readSync(file, content, 0, bytes, offset);
  const parsed = parseBounded(content.toString("utf8"));
  return "value" in parsed ? parsed.value : undefined;
}

function* elements(file: number, key: Buffer): Generator<ListElement> {
  const buffer = Buffer.allocUnsafe(PIECE);
  const { step, state } = scanner(key);
  let parts: Array<Buffer> | undefined;
  let [start, number, position] = [0, 0, 0];
  while (state() !== "behind") {
    const length = readSync(file, buffer, 0, PIECE, position);
    if (length === 0) break;
    let begun = 0;
    for (let at = 0; at < length && state() !== "behind"; at++) {
      const event = step(buffer[at]!);
      if (event === "opens") {
        parts = [];
        start = position + at;
        begun = at;
      } else if (event === "closes") {
        const bytes = position + at + 1 - start;
        const element = [...parts!, buffer.subarray(begun, at + 1)];
        parts = undefined;
        yield { number: ++number, offset: start, bytes, ...parsed(element, bytes) };
      }
    }
    position += length;
    // What goes on beyond the bound is counted, not kept.
    if (parts !== undefined && position - start <= MAX_ELEMENT + PIECE) {
      parts.push(Buffer.from(buffer.subarray(begun, length)));
    }
  }
  if (state() === "behind") return;
  const problem = `${state() === "before" ? "has no list" : "ends within its list"} ${key}`;
  yield { number: number + 1, offset: position, bytes: 0, problem };
}

/** Goes through JSON byte by byte and tells where elements of the list under `key` open and close. */
function scanner(key: Buffer) {
  let state: "before" | "within" | "behind" = "before";
  let [depth, inString, escaped] = [0, false, false];
  /** The last text among the keys of the outermost object, as far as it can be the one looked for. */
  let word: Array<number> = [];
  const found = () => word.length === key.length && word.every((byte, at) => byte === key[at]);
  const step = (byte: number): "opens" | "closes" | undefined => {
    if (inString) {
      if (depth === 1 && word.length <= key.length) word.push(byte);
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) inString = false;
      return undefined;
    }
    if (byte === QUOTE) {
      inString = true;
      if (depth === 1) word = [byte];
    } else if (byte === 0x5b || byte === 0x7b) {
      depth++;
      if (state === "within") return depth === 3 ? "opens" : undefined;
      if (byte === 0x5b && depth === 2 && found()) state = "within";
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
      if (state !== "within") return undefined;
      if (depth === 2) return "closes";
      if (depth === 1) state = "behind";
    }
    return undefined;
  };
  return { step, state: () => state };
}

function parsed(element: ReadonlyArray<Buffer>, bytes: number) {
  if (bytes > MAX_ELEMENT) return { problem: `is longer than ${MAX_ELEMENT} bytes` };
  return parseBounded(Buffer.concat(element).toString("utf8"));
}
