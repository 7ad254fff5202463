/** Runs pipeline files as programs in child processes. Used by tests of the command line and end to end. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { temporaryDir } from "./runtime.ts";

/** How a program ended; `code` is null when a signal ended it. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Watch = (text: string, kill: (signal: NodeJS.Signals) => void) => void;

/** Starts a pipeline file; `watch` sees the process when it starts and after each piece of output. */
export async function startFile(
  file: string,
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  watch: Watch = () => {},
): Promise<Outcome> {
  const command = ["--import", "tsx", file, ...argv];
  const child = spawn(process.execPath, command, { env: { ...process.env, ...env } });
  const text = { stdout: "", stderr: "" };
  watch("", (signal) => child.kill(signal));
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (piece: string) => {
      text[name] += piece;
      watch(text[name], (signal) => child.kill(signal));
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...text };
}

/** Sends `signal` once, after a line of output matches. */
export function after(pattern: RegExp, signal: NodeJS.Signals): Watch {
  let sent = false;
  return (text, kill) => {
    if (sent || !pattern.test(text)) return;
    sent = true;
    kill(signal);
  };
}

/** The last line of a text. */
export const last = (text: string): string => text.trimEnd().split("\n").at(-1)!;

/** Runs `body` with a folder on a small disk of its own and a way to enlarge it. */
export async function withSmallDisk<A>(
  size: string,
  body: (folder: string, enlarge: (size: string) => void) => Promise<A>,
): Promise<A> {
  const folder = temporaryDir();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  try {
    return await body(folder, (more) =>
      execFileSync("mount", ["-o", `remount,size=${more}`, folder]),
    );
  } finally {
    execFileSync("umount", [folder]);
  }
}

/** Whether this process may make small disks. */
export function canMount(): boolean {
  const dir = temporaryDir();
  try {
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", dir], { stdio: "ignore" });
    execFileSync("umount", [dir]);
    return true;
  } catch {
    return false;
  }
}

/** Sends `signal` as soon as `there` holds, looked at every few milliseconds. */
export function atOnce(there: () => boolean, signal: NodeJS.Signals): Watch {
  let timer: NodeJS.Timeout | undefined;
  return (_, kill) => {
    timer ??= setInterval(() => {
      if (!there()) return;
      clearInterval(timer);
      kill(signal);
    }, 5).unref();
  };
}
