/** Past runs for programs: what `rcpa runs`, `show`, `diff` and `report` give, as values. CLI. */
import { resolve } from "node:path";
import type { RunDiff } from "../runtime/compare.ts";
import type { RunHistory, RunSummary } from "../runtime/history.ts";
import { defaultOut } from "./args.ts";

// Loaded when asked for: a pipeline file that only runs must not wait for them.
const history = () => import("../runtime/history.ts");

/** Where to look for runs. */
export interface Place {
  /** Folder of the store. Default: `.rcpa`. */
  readonly out?: string;
}

/** All runs of a store, newest first; damaged ones say what is wrong with them. */
export async function listRuns(place: Place = {}): Promise<ReadonlyArray<RunSummary>> {
  return (await history()).listRuns(place.out ?? defaultOut);
}

/**
 * One run: `latest`, an id, the beginning of an id or of its last part that fits no other, or the
 * path of a run's folder.
 *
 * Fails: `RunNotFound`.
 */
export async function readRun(run: string, place: Place = {}): Promise<RunHistory> {
  return (await history()).readRun(run, place.out ?? defaultOut);
}

/**
 * Two runs side by side, each named as in `readRun`.
 *
 * Fails: `RunNotFound`.
 */
export async function diffRuns(left: string, right: string, place: Place = {}): Promise<RunDiff> {
  const compare = await import("../runtime/compare.ts");
  return compare.diffRuns(left, right, place.out ?? defaultOut);
}

/**
 * Writes the self-contained HTML page about a run, named as in `readRun`; gives its absolute path.
 *
 * @param options `to` is the file to write. Default: `report.html` in the run's folder
 * Fails: `RunNotFound`; rejects with file-system errors.
 */
export async function writeReport(
  run: string,
  options: Place & { readonly to?: string } = {},
): Promise<string> {
  const { findRun } = await import("../runtime/find-run.ts");
  const report = await import("../report/report.ts");
  const dir = findRun(run, options.out ?? defaultOut);
  return report.writeReport(dir, ...(options.to === undefined ? [] : [resolve(options.to)]));
}
