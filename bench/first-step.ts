/**
 * How long the main job takes from process start to its first training step, part by part, every run in an empty
 * store with the loader's cache filled. `--rounds N`, `--json`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { numberOption, type Spread, say, secondsOf, spreadOf, temporaryFolder } from "./measure.ts";

const root = resolve(import.meta.dirname, "..");
const file = join(root, "pipelines/geometry.ts");
const node = (...argv: ReadonlyArray<string>) =>
  spawn(process.execPath, ["--import", "tsx", ...argv], { cwd: root, stdio: "ignore" });

/** Time until the pipeline is defined: the file imported by another, so that nothing runs. */
async function definition(): Promise<number> {
  const code = `await import(${JSON.stringify(file)})`;
  return secondsOf(() => once(node("--input-type=module", "--eval", code), "exit"));
}

interface Line {
  readonly time: string;
  readonly event: { readonly _tag: string; readonly stage?: string; readonly metrics?: object };
}

/** Runs the job until its first training step; gives when it started and its events so far. */
async function untilFirstStep(): Promise<{ readonly began: number; readonly lines: Array<Line> }> {
  const out = temporaryFolder();
  const began = Date.now();
  const child = node(file, "--out", out);
  const exit = once(child, "exit");
  for (;;) {
    const lines = eventsIn(out);
    if (lines.some(isStep) || child.exitCode !== null) {
      child.kill("SIGKILL");
      await exit;
      return { began, lines };
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

const isStep = ({ event }: Line) =>
  event._tag === "StageProgress" && Object.hasOwn(event.metrics ?? {}, "reward");

function eventsIn(out: string): Array<Line> {
  const runs = join(out, "runs");
  if (!existsSync(runs)) return [];
  const path = join(runs, readdirSync(runs)[0] ?? "", "events.jsonl");
  if (!existsSync(path)) return [];
  const whole = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Line);
}

/** The seconds of each part, from the times the events carry. */
function partsOf(began: number, defined: number, lines: ReadonlyArray<Line>) {
  const at = (found: (line: Line) => boolean) => {
    const line = lines.find(found);
    if (line === undefined) throw new Error("the job ended before its first step");
    return (Date.parse(line.time) - began) / 1000;
  };
  const of = (tag: string, stage: string) => (line: Line) =>
    line.event._tag === tag && line.event.stage === stage;
  const [run, first] = [at(({ event }) => event._tag === "RunStarted"), at(isStep)];
  const warmup = at(of("StageStarted", "warmup"));
  const measuring = at(of("StageProgress", "warmup"));
  const measured = at(of("StageNote", "warmup"));
  return {
    "start, loader, imports, definition": defined,
    "type check beside engine and plan": run - defined,
    "model and data": warmup - run,
    "base, examples, anchor, first measurement": measuring - warmup,
    "rest of the warmup's measurement": measured - measuring,
    "first step": first - measured,
    "from process start": first,
    "from the definition": first - defined,
  };
}

type Parts = ReturnType<typeof partsOf>;
const taken: Array<Parts> = [];
await definition();
for (let round = 0; round < numberOption("rounds", 7); round++) {
  const defined = await definition();
  const { began, lines } = await untilFirstStep();
  taken.push(partsOf(began, defined, lines));
}
const names = Object.keys(taken[0]!) as Array<keyof Parts>;
const spreads = names.map((name): [string, Spread] => [
  name,
  spreadOf(taken.map((one) => one[name])),
]);
say("to the first step", "s", Object.fromEntries(spreads), { "from the definition": 5 });
