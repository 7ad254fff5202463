/** Which code and outside files a result came from: hashes of their content. Serves the runtime layer. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { digest, sha256 } from "../core/digest.ts";
import { isHubName, localPath } from "../core/hub-name.ts";
import { type Closures, openClosures } from "./closure.ts";
import { filesBelow, hashFile } from "./files.ts";
import type { Code } from "./fingerprint.ts";
import { isImagePath, namedImagesHash } from "./named-images.ts";

const source = new Set([".ts", ".js", ".mjs", ".json"]);

/** Hash of every source file below `dir`, by relative path and content; folders in `except` do not count. */
export function treeHash(dir: string, except: ReadonlyArray<string> = []): string {
  const files = filesBelow(dir)
    .filter((path) => source.has(extname(path)))
    .filter((path) => !except.some((folder) => path.startsWith(`${folder}/`)));
  return digest(files.map((path) => [path, sha256(readFileSync(join(dir, path)))]));
}

/** The file and every local file it imports, types included, directly or not, sorted. */
export function localClosure(file: string): ReadonlyArray<string> {
  const { files } = openClosures()([file], { types: true });
  return [...files].flatMap(([path, hash]) => (hash === "absent" ? [] : [path])).sort();
}

/** Hash of a file together with the local files it imports. */
export function closureHash(file: string): string {
  return digest(localClosure(file).map((path) => [path, sha256(readFileSync(path))]));
}

/**
 * What the code in `entries` consists of: the files by path from the root of the package they belong to,
 * so that a result is found again wherever the package lies.
 */
export function codeOf(entries: ReadonlyArray<string>, closures: Closures): Code {
  const { files, packages } = closures(entries);
  const root = packageRoot(dirname(resolve(entries[0] ?? ".")));
  const name = (path: string) => relative(root, path).split(sep).join("/");
  const byName = (pairs: Iterable<readonly [string, string]>) =>
    Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    files: byName([...files].map(([path, hash]) => [name(path), hash] as const)),
    packages: byName(packages),
  };
}

/** The nearest folder above with a package.json, else the folder itself. */
function packageRoot(folder: string): string {
  for (let dir = folder; ; dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json"))) return dir;
    if (dirname(dir) === dir) return folder;
  }
}

/** Above this size a file is known by size and time of change; hashing it would delay every start. */
const largeBytes = 256 * 1024 ** 2;

/**
 * Hash of a file's content, or of all files in a folder by relative path; `absent` when there is nothing.
 *
 * Rows of a JSONL file, and of a JSON document that is named itself, count with the images they name; images are known by size and time of change.
 * A name on the Hub means what the cache has of it.
 */
export function contentHash(place: string, named = true): string {
  const path = isHubName(place) ? localPath(place) : place;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "absent";
  if (stat.isDirectory()) {
    return digest(namesBelow(path).map((name) => [name, contentHash(join(path, name), false)]));
  }
  const large = stat.size > largeBytes || isImagePath(path);
  const content = large ? digest([stat.size, stat.mtimeMs]) : hashFile(path).sha256;
  const rows = extname(path) === ".jsonl" || (named && extname(path) === ".json");
  return rows ? digest([content, namedImagesHash(path)]) : content;
}

/** Files below a folder, links to files included, as the Hub's cache has them; links to folders are not followed. */
function namesBelow(dir: string): ReadonlyArray<string> {
  const links = readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .filter((name) => statSync(join(dir, name), { throwIfNoEntry: false })?.isFile());
  return [...filesBelow(dir), ...links].sort();
}
