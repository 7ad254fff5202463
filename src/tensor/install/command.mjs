/** Runs other programs for the installer: bounded in time, output kept for the message when one fails. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** A step of the install that failed, with one line that says what and why. */
export class InstallFailed extends Error {}

/**
 * Runs a program and gives its output; the time limit is in seconds.
 * Fails: InstallFailed when it is not there, exits non-zero, or runs past its limit.
 */
export function command(what, program, args, { seconds = 600, cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    let late = false;
    // The whole group is ended: npm and pip start children of their own.
    const stop = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, seconds * 1000);
    process.once("exit", stop);
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr = (stderr + chunk).slice(-20_000);
    });
    const settle = (failure) => {
      clearTimeout(timer);
      process.off("exit", stop);
      if (failure === undefined) resolve(stdout);
      else reject(new InstallFailed(`${what}: ${failure}`));
    };
    child.on("error", (error) => {
      settle(error.code === "ENOENT" ? `${program} is not there` : error.message);
    });
    child.on("close", (code, signal) => {
      if (late) settle(`no end within ${seconds} s`);
      else if (code === 0) settle(undefined);
      else settle(lastWords(stderr, stdout) || `exit ${code ?? signal}`);
    });
  });
}

/** The line of a program's output that says most: its last error line, or its last line. */
function lastWords(...outputs) {
  const lines = outputs
    .join("\n")
    .split("\n")
    .map((line) => line.trim());
  const telling = lines.filter((line) => /\berror\b.*:\s*\S|no module named/i.test(line));
  return (telling.at(-1) ?? lines.filter(Boolean).at(-1) ?? "").slice(0, 300);
}

/** The first of these programs that answers to `--version`, or undefined. */
export async function firstProgram(programs, args = ["--version"]) {
  for (const program of programs) {
    try {
      await command(program, program, args, { seconds: 30 });
      return program;
    } catch {}
  }
  return undefined;
}

/** Runs npm, the one that started this install where there is one. */
export function npm(what, args, options) {
  const running = process.env.npm_execpath;
  if (running && /npm-cli\.c?js$/.test(running) && fs.existsSync(running)) {
    return command(what, process.execPath, [running, ...args], options);
  }
  const beside = path.join(path.dirname(process.execPath), "npm");
  return command(what, fs.existsSync(beside) ? beside : "npm", args, options);
}
