/** Where a run runs, for its record: command line, versions, machine, commit. CLI. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, platform, release } from "node:os";
import { basename, dirname } from "node:path";
import { promisify } from "node:util";
import type { EngineInfo } from "../tensor/engine.ts";
import type { Job } from "./prepare.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { readonly version: string };

/** Everything about the place of a run that can explain its result. */
export async function environmentOf(
  { file, args }: Pick<Job, "file" | "args">,
  engine: EngineInfo | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const git = await commitOf(dirname(file));
  return {
    file,
    args,
    engine: engine ?? null,
    node: process.version,
    rcpa: version,
    command: commandLine(process.argv),
    machine: `${platform()} ${release()} ${arch()}, ${cpus().length} processors`,
    ...(git === undefined ? {} : { git }),
  };
}

/** The program and its arguments, as one would type them. */
function commandLine([, program = "", ...args]: ReadonlyArray<string>): string {
  const quoted = (text: string) =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  return [basename(program), ...args].map(quoted).join(" ");
}

const run = promisify(execFile);

/** Commit of the repository around `folder`, and whether tracked files differ from it; undefined without one. */
async function commitOf(folder: string) {
  const git = async (...args: ReadonlyArray<string>) =>
    (await run("git", ["-C", folder, ...args], { timeout: 1000 })).stdout.trim();
  try {
    const [commit, status] = await Promise.all([
      git("rev-parse", "HEAD"),
      git("status", "--porcelain", "--untracked-files=no"),
    ]);
    return { commit, changed: status !== "" };
  } catch {
    return undefined;
  }
}
