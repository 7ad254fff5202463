/** What of a store may go: results no run refers to, checkpoints of finished stages, leftovers. Serves the runtime layer. */
import * as fs from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import * as Effect from "effect/Effect";
import type { RunLocked, StoreBroken, StoreFull } from "./errors.ts";
import { filesBelow, onDisk } from "./files.ts";
import { runFolders } from "./find-run.ts";
import { checkFormat } from "./format.ts";
import { hold, isHeld } from "./lock.ts";
import { readRecord } from "./record.ts";
import { readResult } from "./result.ts";

export interface GcOptions {
  /** Runs without an event for longer than this many days protect nothing. Default: all runs protect. */
  readonly keepDays?: number;
  /** Only says what would go. */
  readonly dryRun?: boolean;
}

/** Something that goes, or would: its path below the store, and why. */
export interface Removal {
  readonly path: string;
  readonly why: string;
  readonly bytes: number;
}

/** What became of a store. */
export interface GcReport {
  readonly removed: ReadonlyArray<Removal>;
  /** Stage folders that another process works in. */
  readonly locked: ReadonlyArray<string>;
  readonly kept: { readonly stages: number; readonly bytes: number };
  /** Why no stage folder was looked at, if so. */
  readonly refused: ReadonlyArray<string>;
}

const leftover = "left by an interrupted process";

/**
 * Deletes from the store in `root` what no run needs. A locked stage is never touched, and each stage
 * is held locked while something of it goes.
 *
 * Fails: `StoreBroken` when the folder cannot be read or has another format.
 */
export const collect = Effect.fnUntraced(function* (
  root: string,
  options: GcOptions = {},
): Effect.fn.Return<GcReport, StoreFull | StoreBroken> {
  yield* onDisk(root, "the store", () => checkFormat(root));
  const { keys, unreadable } = yield* onDisk(root, "runs", () => references(root, options));
  const report = { removed: [] as Array<Removal>, locked: [] as Array<string> };
  for (const dir of yield* onDisk(root, "stages", () => stageFolders(root))) {
    if (isOwnTrash(dir)) yield* remove(root, [one(dir, leftover)], options, report);
    else if (unreadable.length === 0 || keys.has(basename(dir))) {
      const find = () => garbageIn(dir, keys, options);
      yield* cleanStage(root, dir, find, options, report);
    }
  }
  const strays = yield* onDisk(root, "leftovers", () => strayFiles(root));
  yield* remove(root, strays, options, report);
  return { ...report, kept: yield* onDisk(root, "stages", () => rest(root)), refused: unreadable };
});

interface Garbage {
  readonly path: string;
  readonly why: string;
}

const one = (path: string, why: string): Garbage => ({ path, why });

type Report = { readonly removed: Array<Removal>; readonly locked: Array<string> };

const cleanStage = Effect.fnUntraced(function* (
  root: string,
  dir: string,
  find: () => ReadonlyArray<Garbage>,
  options: GcOptions,
  report: Report,
) {
  const looked = yield* onDisk(dir, "a stage's folder", find);
  if (looked.length === 0) return;
  const locked = Effect.sync(() => report.locked.push(relative(root, dir)));
  if (options.dryRun === true) {
    if (isHeld(join(dir, "LOCK"))) yield* locked;
    else yield* remove(root, looked, options, report);
    return;
  }
  // What was found without the lock may have changed until it is held.
  const held = Effect.gen(function* () {
    yield* hold(join(dir, "LOCK"));
    yield* remove(root, yield* onDisk(dir, "a stage's folder", find), options, report);
  });
  const isLocked = (error: { readonly _tag: string }): error is RunLocked =>
    error._tag === "RunLocked";
  yield* held.pipe(
    Effect.scoped,
    Effect.catchIf(isLocked, () => locked),
  );
});

/** A folder goes aside by one rename first, so that it is whole or gone at any moment. */
const remove = Effect.fnUntraced(function* (
  root: string,
  garbage: ReadonlyArray<Garbage>,
  { dryRun = false }: GcOptions,
  { removed }: Report,
) {
  for (const { path, why } of garbage) {
    yield* onDisk(path, "the store", () => {
      removed.push({ path: relative(root, path), why, bytes: sizeOf(path) });
      if (dryRun) return;
      const aside = join(dirname(path), `${trash}${process.pid}-${basename(path)}`);
      fs.renameSync(path, aside);
      fs.rmSync(aside, { recursive: true, force: true });
    });
  }
});

const trash = ".gone-";
const isOwnTrash = (path: string): boolean => basename(path).startsWith(trash);

/** Keys that a protecting run refers to, and what is wrong with runs that do not tell theirs. */
function references(root: string, { keepDays = Number.POSITIVE_INFINITY }: GcOptions) {
  const keys = new Set<string>();
  const unreadable: Array<string> = [];
  for (const dir of runFolders(root)) {
    const days = (Date.now() - lastSign(dir)) / 86_400_000;
    if (days > keepDays && !isHeld(join(dir, "LOCK"))) continue;
    const record = readRecord(dir);
    if (typeof record === "string") unreadable.push(`${relative(root, dir)}: ${record}`);
    else for (const { key } of record.stages) keys.add(key);
  }
  return { keys, unreadable };
}

function lastSign(runDir: string): number {
  const times = [runDir, join(runDir, "run.json"), join(runDir, "events.jsonl")].map(
    (path) => fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...times);
}

function stageFolders(root: string): ReadonlyArray<string> {
  return fs
    .readdirSync(join(root, "stages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, "stages", name))
    .sort();
}

const temporary = /\.tmp(-\d+)?$|^LOCK\.(new|stale)-\d+$|^\.gone-/;

function garbageIn(
  dir: string,
  keys: ReadonlySet<string>,
  { keepDays }: GcOptions,
): ReadonlyArray<Garbage> {
  if (!fs.existsSync(dir)) return [];
  if (!keys.has(basename(dir))) {
    const old = keepDays === undefined ? "" : ` of the last ${keepDays} days`;
    return [one(dir, `no run${old} refers to it`)];
  }
  const checkpoints = join(dir, "checkpoints");
  const found = leftoversIn(dir);
  if (!fs.existsSync(checkpoints)) return found;
  const finished = typeof readResult(dir) !== "string";
  if (finished) return [...found, one(checkpoints, "checkpoints of a finished stage")];
  return [...found, ...leftoversIn(checkpoints)];
}

function leftoversIn(dir: string): ReadonlyArray<Garbage> {
  return fs
    .readdirSync(dir)
    .filter((name) => temporary.test(name))
    .map((name) => one(join(dir, name), leftover));
}

/** Temporary files at the top of the store and in the folders of runs that are over. */
function strayFiles(root: string): ReadonlyArray<Garbage> {
  const runs = runFolders(root).filter((dir) => !isHeld(join(dir, "LOCK")));
  return [root, ...runs].flatMap(leftoversIn);
}

function rest(root: string): GcReport["kept"] {
  const folders = stageFolders(root);
  return { stages: folders.length, bytes: folders.reduce((sum, dir) => sum + sizeOf(dir), 0) };
}

/** Bytes of a file or folder; the lock that is held meanwhile does not count. */
function sizeOf(path: string): number {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return stat?.size ?? 0;
  return filesBelow(path)
    .filter((name) => name !== "LOCK")
    .map((name) => fs.statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}
