/** Which images a file of rows names, so that a changed image is noticed. Serves the runtime layer. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { readLines } from "../core/lines.ts";

const kinds = new Set([".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".avif"]);
/** A JSON document may be one line; longer ones are refused as rows. */
const MAX_LINE = 2 ** 28;
const quoted = /"((?:[^"\\]|\\.){1,1024})"/g;

/** Whether a path is that of an image, by its ending. */
export const isImagePath = (path: string): boolean => kinds.has(extname(path).toLowerCase());

/**
 * A hash of size and time of change of every image that the rows of a file of JSON name, from the
 * file's own folder; hashing thousands of images would delay every start.
 *
 * Memory: the names.
 */
export function namedImagesHash(file: string): string {
  const hash = createHash("sha256");
  for (const name of [...namesIn(file)].sort()) {
    const stat = statSync(resolve(dirname(file), name), { throwIfNoEntry: false });
    if (stat?.isFile()) hash.update(`${name}\0${stat.size}\0${stat.mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function namesIn(file: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of readLines(file, MAX_LINE)) {
    if (!("text" in line)) continue;
    for (const [text, inner] of line.text.matchAll(quoted)) {
      const name = inner!.includes("\\") ? unescaped(text) : inner!;
      if (isImagePath(name) && !name.includes("\0")) names.add(name);
    }
  }
  return names;
}

function unescaped(text: string): string {
  try {
    return JSON.parse(text);
  } catch {
    return "";
  }
}
