/** Finds the folder of a past run by what a person calls it. Serves the runtime layer. */
import * as fs from "node:fs";
import { basename, join, resolve } from "node:path";
import * as Schema from "effect/Schema";
import { editDistance } from "../core/spelling.ts";

/** No run, or more than one, answers to a name. */
export class RunNotFound extends Schema.TaggedError<RunNotFound>()("RunNotFound", {
  run: Schema.String,
  reason: Schema.String,
  /** Ids of the runs that fit, or else of the nearest ones. */
  candidates: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const list = this.candidates.map((id) => `\n  ${id}`).join("");
    return `${this.reason}${list}`;
  }
}

/** Folders of all runs of the store in `out`, newest first. Throws file-system errors. */
export function runFolders(out: string): ReadonlyArray<string> {
  const runs = join(resolve(out), "runs");
  if (!fs.existsSync(runs)) return [];
  return fs
    .readdirSync(runs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, date: name.slice(0, dateLength), path: join(runs, name) }))
    .map((run) => ({ ...run, written: writtenAt(join(run.path, "run.json")) }))
    .sort((a, b) => compare(b.date, a.date) || b.written - a.written || compare(b.name, a.name))
    .map(({ path }) => path);
}

/** Ids begin with the time in seconds; within one second the record's own time decides. */
const dateLength = "2026-11-23T01-49-06".length;

function writtenAt(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The short name of a run: the last part of its id. */
export const shortId = (id: string): string => id.slice(id.lastIndexOf("-") + 1);

/**
 * The folder of the run called `run`: `latest`, an id, the beginning of an id or of its last part
 * that fits no other, or the path of a run's folder.
 *
 * Fails: throws `RunNotFound`.
 */
export function findRun(run: string, out: string): string {
  const folders = runFolders(out);
  const refuse = (reason: string, candidates: ReadonlyArray<string> = []) =>
    new RunNotFound({ run, reason, candidates });
  if (run === "latest" && folders[0] !== undefined) return folders[0];
  const exact = folders.find((folder) => basename(folder) === run);
  if (exact !== undefined) return exact;
  if (isRunFolder(run)) return resolve(run);
  if (folders.length === 0) throw refuse(`there are no runs in ${out}`);
  const ids = folders.map((folder) => basename(folder));
  const fits = ids.filter(
    (id) => run !== "" && (id.startsWith(run) || shortId(id).startsWith(run)),
  );
  if (fits.length === 1) return folders[ids.indexOf(fits[0]!)]!;
  if (fits.length > 1) throw refuse(`"${run}" fits ${fits.length} runs:`, fits);
  throw refuse(`there is no run "${run}" in ${out}; the nearest:`, nearest(run, ids));
}

function isRunFolder(path: string): boolean {
  const names = ["run.json", "events.jsonl"];
  return path !== "" && names.some((name) => fs.existsSync(join(path, name)));
}

function nearest(run: string, ids: ReadonlyArray<string>): ReadonlyArray<string> {
  const far = (id: string) => Math.min(editDistance(run, id), editDistance(run, shortId(id)));
  return ids
    .map((id) => ({ id, edits: far(id) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
    .map(({ id }) => id);
}
