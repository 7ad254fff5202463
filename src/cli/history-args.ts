/** The arguments of the commands that look at past runs. CLI. */
import { parseArgs } from "node:util";
import { RunNotFound } from "../runtime/find-run.ts";
import { defaultOut } from "./args.ts";

/** What such a command was told. */
export interface HistoryArgs {
  /** The runs, as many as the command takes. */
  readonly runs: ReadonlyArray<string>;
  readonly out: string;
  readonly json: boolean;
  /** The file to write; only of `report`. */
  readonly to: string | undefined;
}

/** Reads the arguments of a command that takes `count` runs; text is what is wrong with them. */
export function readHistoryArgs(
  argv: ReadonlyArray<string>,
  count: number,
  extra: { readonly to?: boolean } = {},
): HistoryArgs | string {
  const parsed = parse(argv, extra.to === true);
  if (typeof parsed === "string") return parsed;
  const { values, positionals: runs } = parsed;
  if (runs.length < count) return count === 1 ? "which RUN?" : `which ${count} runs?`;
  if (runs.length > count) return `one argument too many: ${runs[count]}`;
  if (values.out === "") return "--out takes a folder";
  if (values.to === "") return "--to takes a file";
  return { runs, out: values.out ?? defaultOut, json: values.json ?? false, to: values.to };
}

function parse(argv: ReadonlyArray<string>, to: boolean) {
  const options = {
    out: { type: "string" },
    json: { type: "boolean" },
    to: { type: "string" },
  } as const;
  try {
    const parsed = parseArgs({ args: [...argv], allowPositionals: true, options });
    return parsed.values.to === undefined || to ? parsed : "--to is an option of report";
  } catch (error) {
    return (error as Error).message.split(". To specify")[0]!;
  }
}

/**
 * Does the work of a command. A run that cannot be found, or a file that cannot be read or written,
 * is told on stderr, without usage. Gives the exit code.
 */
export async function refusing(work: () => void | Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    const found = !(error instanceof RunNotFound);
    if (found && (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    process.stderr.write(`rcpa: ${(error as Error).message}\n`);
    return found ? 1 : 2;
  }
}
