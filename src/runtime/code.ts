/** Which code and outside files a result came from: hashes of their content. Serves the runtime layer. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { digest, sha256 } from "../core/digest.ts";
import { filesBelow, hashFile } from "./files.ts";

const source = new Set([".ts", ".js", ".mjs", ".json"]);

/** Hash of every source file below `dir`, by relative path and content; folders in `except` do not count. */
export function treeHash(dir: string, except: ReadonlyArray<string> = []): string {
  const files = filesBelow(dir)
    .filter((path) => source.has(extname(path)))
    .filter((path) => !except.some((folder) => path.startsWith(`${folder}/`)));
  return digest(files.map((path) => [path, sha256(readFileSync(join(dir, path)))]));
}

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.{1,2}\/[^"']+)["']/g;

/** The file and every local file it imports, directly or not, sorted. */
export function localClosure(file: string): ReadonlyArray<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path) || !existsSync(path)) return;
    seen.add(path);
    for (const match of readFileSync(path, "utf8").matchAll(specifier)) {
      visit(resolve(dirname(path), match[1]!));
    }
  };
  visit(resolve(file));
  return [...seen].sort();
}

/** Hash of a file together with the local files it imports. */
export function closureHash(file: string): string {
  return digest(localClosure(file).map((path) => [path, sha256(readFileSync(path))]));
}

/** Above this size a file is known by size and time of change; hashing it would delay every start. */
const largeBytes = 256 * 1024 ** 2;

/** Hash of a file's content, or of all files in a folder by relative path; `absent` when there is nothing. */
export function contentHash(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "absent";
  if (stat.isDirectory()) {
    return digest(filesBelow(path).map((name) => [name, contentHash(join(path, name))]));
  }
  return stat.size > largeBytes ? digest([stat.size, stat.mtimeMs]) : hashFile(path).sha256;
}
