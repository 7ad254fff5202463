/** Durable, atomic writing of plain files, and inventories to verify them later. Serves the runtime layer. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join, relative } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { StoreBroken, StoreFull } from "./errors.ts";

/** One file of an inventory: path relative to its folder, size, SHA-256. */
export const FileEntry = Schema.Struct({
  path: Schema.String,
  bytes: Schema.Int,
  sha256: Schema.String,
});
export type FileEntry = typeof FileEntry.Type;

/** Whether an error, or anything that caused it, is a full disk or an exceeded quota. */
export function isNoSpace(error: unknown, depth = 0): boolean {
  if (typeof error !== "object" || error === null || depth > 5) return false;
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
  if (code === "ENOSPC" || code === "EDQUOT") return true;
  if (typeof message === "string" && /\b(ENOSPC|EDQUOT)\b/.test(message)) return true;
  return isNoSpace(cause, depth + 1);
}

/** Runs file-system work on `path`; `during` names what was being written. Fails: `StoreFull`, `StoreBroken`. */
export function onDisk<A>(
  path: string,
  during: string,
  work: () => A,
): Effect.Effect<A, StoreFull | StoreBroken> {
  return Effect.try({
    try: work,
    catch: (error) =>
      isNoSpace(error)
        ? new StoreFull({ path, during })
        : new StoreBroken({ path, detail: error instanceof Error ? error.message : String(error) }),
  });
}

/** Replaces the file at `path` as a whole: a reader sees the old text or the new, never a part. Throws. */
export function writeAtomic(path: string, text: string): void {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    fs.writeFileSync(temporary, text, { flush: true });
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  syncPath(dirname(path));
}

/** Flushes a file, or a folder's list of names, to the disk. Throws. */
export function syncPath(path: string): void {
  const handle = fs.openSync(path, "r");
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Every file below `dir` with size and hash, in path order; flushes each to the disk on the way. Throws. */
export function inventory(dir: string): ReadonlyArray<FileEntry> {
  const files = filesBelow(dir).map((path) => {
    const full = join(dir, path);
    syncPath(full);
    return { path, ...hashFile(full) };
  });
  syncPath(dir);
  return files;
}

/** The first entry that is not on the disk as recorded, in words; undefined when all are. */
export function firstDamage(
  dir: string,
  files: ReadonlyArray<FileEntry>,
  depth: "size" | "hash",
): string | undefined {
  for (const file of files) {
    const path = join(dir, file.path);
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return `${file.path} is missing`;
    if (stat.size !== file.bytes) return `${file.path} has ${stat.size} bytes, not ${file.bytes}`;
    if (depth === "hash" && hashFile(path).sha256 !== file.sha256) {
      return `${file.path} does not have its recorded hash`;
    }
  }
  return undefined;
}

/** Relative paths of all files below `dir`, sorted. */
export function filesBelow(dir: string): ReadonlyArray<string> {
  return fs
    .readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}

/** Size and SHA-256 of a file, read in pieces. Throws. */
export function hashFile(path: string): { readonly bytes: number; readonly sha256: string } {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(1 << 20);
  const handle = fs.openSync(path, "r");
  let bytes = 0;
  try {
    for (;;) {
      const read = fs.readSync(handle, chunk);
      if (read === 0) break;
      hash.update(chunk.subarray(0, read));
      bytes += read;
    }
  } finally {
    fs.closeSync(handle);
  }
  return { bytes, sha256: hash.digest("hex") };
}
