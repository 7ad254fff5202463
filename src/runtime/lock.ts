/** One process at a time in a stage's folder; the lock of a dead process is taken over. Serves the runtime layer. */
import * as fs from "node:fs";
import { hostname } from "node:os";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { RunLocked, type StoreBroken, type StoreFull } from "./errors.ts";
import { onDisk } from "./files.ts";
import { sealLine, unsealLine } from "./sealed.ts";

const heartbeatMs = 10_000;
/** A holder on another machine that has not touched its lock for this long is taken for dead. */
const silentMs = 60_000;

const Holder = Schema.Struct({
  pid: Schema.Int,
  host: Schema.String,
  /** When the process started, in kernel ticks; tells a process from a later one of the same id. */
  started: Schema.String,
});
type Holder = typeof Holder.Type;
const decodeHolder = Schema.decodeUnknownOption(Schema.fromJsonString(Holder));

/**
 * Holds the lock file at `path` until the scope closes.
 *
 * Fails: `RunLocked` when a live process holds it.
 */
export function hold(
  path: string,
): Effect.Effect<void, RunLocked | StoreFull | StoreBroken, Scope.Scope> {
  return Effect.acquireRelease(acquire(path), () => Effect.sync(() => release(path))).pipe(
    Effect.andThen(
      Effect.acquireRelease(
        Effect.sync(() => setInterval(() => touch(path), heartbeatMs).unref()),
        (timer) => Effect.sync(() => clearInterval(timer)),
      ),
    ),
    Effect.asVoid,
  );
}

const acquire = Effect.fnUntraced(function* (path: string) {
  for (let tries = 0; tries < 10; tries++) {
    const taken = yield* onDisk(path, "the lock", () => tryTake(path));
    if (taken === true) return;
    if (taken !== undefined)
      return yield* new RunLocked({ path, pid: taken.pid, host: taken.host });
  }
  return yield* new RunLocked({ path, pid: 0, host: "unknown" });
});

/** True when taken, the live holder when not, undefined when it changed meanwhile and is worth another try. */
function tryTake(path: string): true | Holder | undefined {
  const self: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  if (putDown(path, JSON.stringify(self))) return true;
  const found = readIfThere(path);
  const live = liveHolder(path);
  if (live !== undefined) return live;
  if (found === undefined || readIfThere(path) !== found) return undefined;
  removeStale(path, found);
  return undefined;
}

/** Makes the lock with its whole text at one go, so that no moment shows half of it; false when there is one. */
function putDown(path: string, text: string): boolean {
  const own = `${path}.new-${process.pid}`;
  try {
    fs.writeFileSync(own, sealLine(text));
    fs.linkSync(own, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // Some file systems have no links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
    return putDownSlowly(path, sealLine(text));
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function putDownSlowly(path: string, text: string): boolean {
  if (fs.existsSync(path)) return false;
  fs.writeFileSync(path, text, { flag: "wx" });
  return true;
}

/** Takes the dead holder's lock away; one that another process put there meanwhile goes back. */
function removeStale(path: string, found: string): void {
  const aside = `${path}.stale-${process.pid}`;
  fs.renameSync(path, aside);
  try {
    if (fs.readFileSync(aside, "utf8") !== found) fs.linkSync(aside, path);
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

/** The live process that holds the lock at `path`; undefined when there is none. A fresh lock is taken for held. */
function liveHolder(path: string): Holder | undefined {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const text = unsealLine(readIfThere(path) ?? "");
  const holder = Option.getOrUndefined(decodeHolder(text));
  const silent = Date.now() - stat.mtimeMs > silentMs;
  if (holder === undefined) return silent ? undefined : { pid: 0, host: "unknown", started: "" };
  return isAlive(holder, silent) ? holder : undefined;
}

/** Whether a live process holds the lock at `path`. Throws file-system errors. */
export function isHeld(path: string): boolean {
  return liveHolder(path) !== undefined;
}

function isAlive(holder: Holder, silent: boolean): boolean {
  if (holder.host !== hostname()) return !silent;
  if (holder.started !== startOf(holder.pid)) return false;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Start time of a process from `/proc`; empty where there is none, so that only the id counts. */
function startOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Removes the lock if it is still ours. */
function release(path: string): void {
  const holder = Option.getOrUndefined(decodeHolder(unsealLine(readIfThere(path) ?? "")));
  const ours = holder?.pid === process.pid && holder.host === hostname();
  if (ours || holder === undefined) fs.rmSync(path, { force: true });
}

function touch(path: string): void {
  const now = new Date();
  try {
    fs.utimesSync(path, now, now);
  } catch {
    // The lock was removed by hand; the run goes on, the commit stays atomic.
  }
}
