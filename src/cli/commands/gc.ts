/** `rcpa gc`: deletes from a store what no run needs. CLI. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as Effect from "effect/Effect";
import { collect, type GcOptions, type GcReport } from "../../runtime/gc.ts";
import { defaultOut } from "../args.ts";
import { columns } from "../table.ts";

/** Gives the exit code, or what is wrong with the arguments. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const args = readArgs(argv);
  if (typeof args === "string") return args;
  const { out, options } = args;
  if (!existsSync(join(out, "stages"))) return refuse(`there is no store in ${out}`);
  const result = await Effect.runPromise(Effect.result(collect(resolve(out), options)));
  if (result._tag === "Failure") return refuse(result.failure.message);
  process.stdout.write(`${renderGc(result.success, options.dryRun === true)}\n`);
  return result.success.refused.length === 0 ? 0 : 1;
}

function refuse(reason: string): number {
  process.stderr.write(`rcpa: ${reason}\n`);
  return 1;
}

function readArgs(argv: ReadonlyArray<string>) {
  const parsed = parse(argv);
  if (typeof parsed === "string") return parsed;
  const { out = defaultOut, "dry-run": dryRun = false, "keep-days": days } = parsed;
  if (out === "") return "--out takes a folder";
  const keepDays = Number(days);
  if (days !== undefined && (days.trim() === "" || !(keepDays >= 0))) {
    return `--keep-days takes a number of days, got "${days}"`;
  }
  const options: GcOptions = { dryRun, ...(days === undefined ? {} : { keepDays }) };
  return { out, options };
}

function parse(argv: ReadonlyArray<string>) {
  const options = {
    out: { type: "string" },
    "dry-run": { type: "boolean" },
    "keep-days": { type: "string" },
  } as const;
  try {
    return parseArgs({ args: [...argv], allowPositionals: false, options }).values;
  } catch (error) {
    return (error as Error).message.split(". To specify")[0]!;
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** What went, what stays, what was left alone and why. */
export function renderGc(report: GcReport, dryRun: boolean): string {
  const { removed, locked, kept, refused } = report;
  const rows = removed.map(({ path, why, bytes }) => [path, megabytes(bytes), why]);
  const bytes = removed.reduce((sum, one) => sum + one.bytes, 0);
  const verb = dryRun ? "would free" : "freed";
  const freed = removed.length === 0 ? "nothing to delete" : `${verb} ${megabytes(bytes)}`;
  const stages = kept.stages === 1 ? "1 stage folder" : `${kept.stages} stage folders`;
  const stay = dryRun ? "are there" : "stay";
  return [
    ...columns(rows, [1]),
    ...locked.map((path) => `${path} is locked by a running process and left alone`),
    ...refused.map(
      (problem) => `${problem}: it may refer to any stage, so no other stage was touched`,
    ),
    `${freed}; ${stages} ${stay}, ${megabytes(kept.bytes)}`,
  ].join("\n");
}
