/** Everything a file imports, directly or not: local files by path, packages by version. Serves the runtime layer. */
import * as fs from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../core/digest.ts";
import { type Import, importsIn } from "./imports.ts";

/** What code consists of. */
export interface Closure {
  /** Absolute paths with the hash of the content, `absent` for a file that is imported and not there. */
  readonly files: ReadonlyMap<string, string>;
  /** Versions by name. */
  readonly packages: ReadonlyMap<string, string>;
}

/** Gives the closure of some files; imports of types count when `types` says so. */
export type Closures = (
  entries: ReadonlyArray<string>,
  options?: { readonly types?: boolean },
) => Closure;

/**
 * Looks at each file once, at the first closure that has it: make one for each plan.
 *
 * A path that is only known at run time stands for every source file of the folder it begins with.
 */
export function openClosures(): Closures {
  const seen = new Map<string, Source>();
  const look = (path: string): Source => {
    const source = seen.get(path) ?? readSource(path);
    seen.set(path, source);
    return source;
  };
  return (entries, { types = false } = {}) => {
    const files = new Map<string, string>();
    const packages = new Map<string, string>();
    const visit = (path: string): void => {
      if (files.has(path)) return;
      const { hash, links } = look(path);
      files.set(path, hash);
      for (const link of links) {
        if (link.type && !types) continue;
        for (const target of link.files) visit(target);
        if (link.package !== undefined) packages.set(link.package.name, link.package.version);
      }
    };
    for (const entry of entries) visit(resolve(entry));
    return { files, packages };
  };
}

/** An import with what it leads to. */
interface Link {
  readonly type: boolean;
  readonly files: ReadonlyArray<string>;
  readonly package?: Package;
}

interface Source {
  readonly hash: string;
  readonly links: ReadonlyArray<Link>;
}

const code = /\.[cm]?[jt]sx?$/;
const absent: Source = { hash: "absent", links: [] };

function readSource(path: string): Source {
  if (!isFile(path)) return absent;
  const content = fs.readFileSync(path);
  const imports = code.test(path) ? importsIn(content.toString("utf8")) : [];
  return { hash: sha256(content).slice(0, 16), links: imports.map((one) => follow(path, one)) };
}

function follow(from: string, one: Import): Link {
  const type = one.how === "type";
  if (isLocal(one.specifier)) return { type, files: targetsOf(from, one) };
  if (one.how === "folder" || one.how === "asset") return { type, files: [] };
  const found = packageOf(from, one.specifier);
  if (typeof found === "string") return { type, files: [found] };
  return found === undefined ? { type, files: [] } : { type, files: [], package: found };
}

const isLocal = (specifier: string): boolean => /^(\.{1,2}(\/|$)|\/|file:)/.test(specifier);

function targetsOf(from: string, { specifier, how }: Import): ReadonlyArray<string> {
  const plain = specifier.startsWith("file:") ? fileURLToPath(specifier) : specifier.split("?")[0]!;
  if (how === "folder") return sourcesIn(resolve(dirname(from), plain.replace(/[^/]*$/, "")));
  const path = resolve(dirname(from), plain);
  if (how === "asset") return isFile(path) ? [path] : [];
  const there = spellingsOf(path).filter(isFile);
  return there.length > 0 ? there : [path];
}

const suffixes = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];

/** The files a specifier may mean: itself, TypeScript for JavaScript, a suffix left out, a folder's index. */
function spellingsOf(path: string): ReadonlyArray<string> {
  const stem = path.slice(0, path.length - extname(path).length);
  const [, kind, x] = /\.([cm]?)js(x?)$/.exec(path) ?? [];
  const typed =
    kind === undefined ? [] : [`${stem}.${kind}ts${x}`, ...(kind === "" ? [`${stem}.tsx`] : [])];
  if (isFile(path) || typed.some(isFile)) return [path, ...typed];
  return ["", "/index"].flatMap((middle) => suffixes.map((suffix) => path + middle + suffix));
}

function isFile(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Source files below a folder, installed packages and hidden folders left out. */
function sourcesIn(dir: string): ReadonlyArray<string> {
  if (!fs.statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return [];
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name.startsWith(".")) return [];
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return code.test(entry.name) ? [path] : [];
  });
}

interface Package {
  readonly name: string;
  readonly version: string;
}

/** This package's own folder: importing the package by name counts by version, as any other package. */
const own = fs.realpathSync(fileURLToPath(new URL("../..", import.meta.url)));

/** The package behind a bare specifier, the local file it leads to, or undefined for a part of Node. */
function packageOf(from: string, specifier: string): Package | string | undefined {
  if (isBuiltin(specifier)) return undefined;
  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  for (let dir = dirname(from); ; dir = dirname(dir)) {
    const folder = join(dir, "node_modules", name);
    if (fs.existsSync(join(folder, "package.json")))
      return installed(name, folder, from, specifier);
    if (dirname(dir) === dir) return byName(name, from, specifier);
  }
}

/** A package below node_modules counts by its version; one that is linked there from a workspace by its code. */
function installed(name: string, folder: string, from: string, specifier: string) {
  const real = fs.realpathSync(folder);
  const foreign = real === own || `${real}${sep}`.includes(`${sep}node_modules${sep}`);
  return foreign ? { name, version: versionOf(real) } : byName(name, from, specifier);
}

/** A project's own name or `#alias`, as its package.json says. */
function byName(name: string, from: string, specifier: string): Package | string {
  try {
    const path = createRequire(from).resolve(specifier);
    return fs.realpathSync(path).startsWith(own + sep) && !from.startsWith(join(own, "src") + sep)
      ? { name, version: versionOf(own) }
      : path;
  } catch {
    return { name, version: "unresolved" };
  }
}

function versionOf(folder: string): string {
  try {
    const { version } = JSON.parse(fs.readFileSync(join(folder, "package.json"), "utf8"));
    return typeof version === "string" ? version : "unversioned";
  } catch {
    return "unreadable";
  }
}
