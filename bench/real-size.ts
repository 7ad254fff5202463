/**
 * A model of real size: reading, loading, and a LoRA GRPO step, beside transformers and peft where PYTHON has them.
 *
 *   PYTHON=VENV/bin/python npx tsx bench/real-size.ts --model DIR [--rounds 3] [--rank 16] [--prompts 2] [--group 4]
 *                                                     [--max-new 16] [--steps 3] [--threads 1] [--json]
 *
 * DIR is what bench/make-real-size.ts writes. Each side runs in a process of its own, in turn, so that its peak memory
 * is its own. The machine should do nothing else meanwhile.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { numberOption, type Spread, say, spreadOf, textOption } from "./measure.ts";

const dir = textOption("model");
if (dir === undefined) throw new Error("--model takes the folder of a model");
const rounds = numberOption("rounds", 3);
const threads = numberOption("threads", 1);
const sizes = Object.entries({ rank: 16, prompts: 2, group: 4, "max-new": 16, steps: 3 }).flatMap(
  ([name, standard]) => [`--${name}`, `${numberOption(name, standard)}`],
);
const python = process.env.PYTHON;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

type Told = Readonly<Record<string, number>>;
const last = (text: string): Told => JSON.parse(text.trim().split("\n").at(-1)!);
const run = (command: string, argv: ReadonlyArray<string>) =>
  last(
    execFileSync(command, argv, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: `${threads}` },
    }),
  );

function readSeconds(): number {
  const start = performance.now();
  readFileSync(join(dir!, "model.safetensors"));
  return (performance.now() - start) / 1000;
}

const taken = new Map<string, Array<number>>();
const note = (name: string, value: number) => taken.set(name, [...(taken.get(name) ?? []), value]);
for (let round = 0; round < rounds; round++) {
  const read = readSeconds();
  const step = here("grpo-step.ts");
  const ours = run("npx", ["tsx", step, "--model", dir, "--lora", ...sizes, "--json"]);
  note("read, s", read);
  note("load, s", ours.load_s!);
  note("load / read", ours.load_s! / read);
  note("step, s", ours.median_step_s!);
  note("peak RSS, MiB", ours.peak_rss_mib!);
  if (python === undefined) continue;
  const theirs = run(python, [
    here("real_size_torch.py"),
    dir,
    ...sizes,
    "--threads",
    `${threads}`,
  ]);
  note("torch load, s", theirs.load_s!);
  note("torch step, s", theirs.median_step_s!);
  note("torch peak RSS, MiB", theirs.peak_rss_mib!);
  note("step / torch", ours.median_step_s! / theirs.median_step_s!);
  note("generation / torch", ours.generate_s! / theirs.generate_s!);
  note("peak RSS / torch", ours.peak_rss_mib! / theirs.peak_rss_mib!);
}
const measured: Record<string, Spread> = {};
for (const [name, values] of taken) measured[name] = spreadOf(values);
say(`LoRA on ${dir}`, "", measured, { "load / read": 1.5, "peak RSS / torch": 1.2 });
