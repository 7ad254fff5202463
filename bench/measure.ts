/** Measuring in turn, and saying what came out: median and range, as a table or as one JSON line. */
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

/** Takes each measurement once, then each again, `rounds` times: what disturbs one disturbs its neighbours. */
export async function inTurn(
  rounds: number,
  measurements: Readonly<Record<string, () => Promise<number>>>,
): Promise<Readonly<Record<string, Spread>>> {
  const values = new Map(Object.keys(measurements).map((name) => [name, [] as Array<number>]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(measurements)) {
      values.get(name)!.push(await measure());
    }
  }
  return Object.fromEntries([...values].map(([name, taken]) => [name, spreadOf(taken)]));
}

/** Seconds that `work` takes. */
export async function secondsOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The value after `--name` on the command line, as a number above 0. */
export function numberOption(name: string, standard: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? standard : Number(process.argv[at + 1]);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0`);
  return value;
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
