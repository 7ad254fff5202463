/** Measuring in turn, and saying what came out: median and range, as a table or as one JSON line. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { columns } from "../src/cli/table.ts";

/** Of repeated measurements of one thing. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** The middle value, the mean of the middle two for an even number, with the smallest and the largest. */
export function spreadOf(values: ReadonlyArray<number>): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = sorted.length / 2;
  const median = (at(Math.ceil(half) - 1) + at(Math.floor(half))) / 2;
  return { median, low: at(0), high: at(sorted.length - 1), n: sorted.length };
}

/**
 * Takes each measurement once, then each again, `rounds` times: what disturbs one disturbs its neighbours.
 * A measurement gives one or more numbers by name.
 */
export async function inTurn(
  rounds: number,
  measurements: ReadonlyArray<() => Promise<Readonly<Record<string, number>>>>,
): Promise<Readonly<Record<string, Spread>>> {
  const values = new Map<string, Array<number>>();
  for (let round = 0; round < rounds; round++) {
    for (const measure of measurements) {
      for (const [name, value] of Object.entries(await measure())) {
        values.set(name, [...(values.get(name) ?? []), value]);
      }
    }
  }
  return Object.fromEntries([...values].map(([name, taken]) => [name, spreadOf(taken)]));
}

/** Processor seconds of all child processes that have ended so far; NaN where the system does not tell. */
export function childSeconds(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticksPerSecond = 100;
    return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}

const made: Array<string> = [];
process.once("exit", () => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/** A fresh folder below the system's temporary one, removed when the benchmark ends, however it ends. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "rcpa-bench-"));
  made.push(dir);
  return dir;
}

/** Seconds that `work` takes. */
export async function secondsOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The value after `--name` on the command line, as a number above 0. */
export function numberOption(name: string, standard: number): number {
  const text = textOption(name);
  const value = text === undefined ? standard : Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0`);
  return value;
}

/** The value after `--name` on the command line, if there is one. */
export function textOption(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** Prints the measurements; with `--json` as one line. `unit` applies to all, `bars` to those that have one. */
export function say(
  title: string,
  unit: string,
  measured: Readonly<Record<string, Spread>>,
  bars: Readonly<Record<string, number>> = {},
): void {
  if (process.argv.includes("--json")) {
    console.log(JSON.stringify({ title, unit, measured, bars }));
    return;
  }
  const rows = Object.entries(measured).map(([name, { median, low, high, n }]) => {
    const bar = bars[name] === undefined ? "" : `bar ${bars[name]}`;
    return [name, figure(median), `${figure(low)} – ${figure(high)}`, `${n}`, bar];
  });
  const lines = columns([[title, `median ${unit}`, "range", "n", ""], ...rows], [1, 3]);
  console.log(lines.join("\n"));
}

const figure = (value: number): string => `${Number(value.toPrecision(3))}`;
