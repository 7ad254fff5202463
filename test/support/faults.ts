/** Faults to put a run through, and what has to be the same after each. Used by the fault matrix. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stream } from "../../src/core/seed.ts";
import { last, type Outcome, startFile } from "./program.ts";

const support = import.meta.dirname;
const preload = pathToFileURL(join(support, "kill-at.mjs")).href;

type Watch = Parameters<typeof startFile>[3];

/** Starts the job of the fault matrix; `env` may kill it at one of its writes. */
export const startFaulted = (
  out: string,
  argv: ReadonlyArray<string> = [],
  watch?: Watch,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> => {
  const options = `${process.env.NODE_OPTIONS ?? ""} --import ${preload}`.trim();
  const file = join(support, "faulted.ts");
  return startFile(file, ["--out", out, ...argv], { NODE_OPTIONS: options, ...env }, watch);
};

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** What a run reports and made, as far as time and place do not enter. */
export function essence(stdout: string) {
  const { seconds: _, runDir, modelDir, ...numbers } = JSON.parse(last(stdout));
  const weights = ["model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json"];
  return { ...numbers, weights: weights.map((name) => sha256(join(modelDir, name))) };
}

/** `count` draws in [0, 1), the same each time, spread over it. */
export const moments = (name: string, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => (index + stream(7, name, index).uniform()) / count);

/** Sends `signal` after some time, unless the process has ended. */
export function afterMs(milliseconds: number, signal: NodeJS.Signals): Watch {
  let waiting = false;
  return (_, kill) => {
    if (!waiting) setTimeout(() => kill(signal), milliseconds).unref();
    waiting = true;
  };
}

/** The folder of a stage in the store at `out`. */
export function stageDir(out: string, stage: string): string {
  const stages = join(out, "stages");
  return join(stages, readdirSync(stages).find((name) => name.startsWith(`${stage}-`))!);
}

/** Whether a checkpoint of the stage is whole. */
export function hasCheckpoint(out: string, stage: string, step: number): boolean {
  if (!existsSync(join(out, "stages"))) return false;
  const name = `checkpoints/0-${String(step).padStart(8, "0")}`;
  return readdirSync(join(out, "stages")).some(
    (one) => one.startsWith(`${stage}-`) && existsSync(join(out, "stages", one, name)),
  );
}

/** Changes one bit of the file, at a place that depends on its name alone. */
export function flip(path: string): void {
  const bytes = readFileSync(path);
  const random = stream(11, "flip", path.split("/").at(-1)!);
  bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
  writeFileSync(path, bytes);
}
