/** Runs `rcpa` as a user does: as a program, or one command in this process where starting costs more than the work. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { vi } from "vitest";
import type { Outcome } from "./program.ts";

const program = join(resolve(import.meta.dirname, "../.."), "bin/rcpa.mjs");

/** Runs the program in the folder `dir`. */
export async function rcpa(dir: string, ...argv: ReadonlyArray<string>): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...argv], { cwd: dir });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (piece: string) => {
      text[name] += piece;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...text };
}

type Command = (argv: ReadonlyArray<string>) => Promise<number | string>;

/** How a command ended; its `code` is text when it says how it was misused. */
export type Told = Omit<Outcome, "code"> & { readonly code: number | string };

/** Runs one command in this process, in the folder `dir`. */
export async function tell(
  command: Command,
  dir: string,
  ...argv: ReadonlyArray<string>
): Promise<Told> {
  const before = process.cwd();
  const text = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((piece) => {
      text[name] += piece;
      return true;
    }),
  );
  process.chdir(dir);
  try {
    return { code: await command(argv), ...text };
  } finally {
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
  }
}
