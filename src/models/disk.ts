/** Two moves of safe writing: make it durable, or take it back. Models layer. */
import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";

/** Puts a file's content, or a folder's list of names, on disk for good. */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Removes what a failed write has left; never throws, so that the first error is the one told. */
export function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Nothing was left there, or it cannot be removed either.
  }
}
