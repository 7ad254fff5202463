/**
 * How a GRPO step grows: with the group, prompts, image tokens, length of responses and width of the model.
 *
 *   npx tsx bench/scaling.ts [--rounds 3] [--steps 4] [--plot docs/growth.svg] [--json]
 *
 * From one step of 8 prompts × 8 responses × 20 tokens, 9 image tokens and width 64, one thing is doubled at a time
 * (an image's side instead of its tokens). Each configuration is a process of bench/grpo-step.ts, all of them in turn,
 * round by round. For every part of the step the table says how much longer the largest takes than the next smaller,
 * beside how much more there is to do: products of matrices as the engine counted them; pixels for `preprocess`,
 * weights for `optimizer`.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { columns } from "../src/cli/table.ts";
import type { NamedArray } from "../src/core/named-array.ts";
import { stream } from "../src/core/seed.ts";
import { readConfig } from "../src/models/config.ts";
import { writeSafetensors } from "../src/models/safetensors.ts";
import { expectedShapes } from "../src/models/weight-shapes.ts";
import { type GrowthLine, growthPlot } from "./growth-plot.ts";
import { numberOption, spreadOf, temporaryFolder, textOption } from "./measure.ts";

const rounds = numberOption("rounds", 3);
const steps = numberOption("steps", 4);
const fixture = fileURLToPath(new URL("../test/golden/qwen2_5_vl/checkpoint", import.meta.url));
const bench = fileURLToPath(new URL("grpo-step.ts", import.meta.url));
const folder = temporaryFolder();

interface Sizes {
  readonly prompts: number;
  readonly group: number;
  readonly tokens: number;
  readonly side: number;
  readonly width: number;
}

const base: Sizes = { prompts: 8, group: 8, tokens: 20, side: 84, width: 64 };
const axes: ReadonlyArray<{ name: string; key: keyof Sizes; values: ReadonlyArray<number> }> = [
  { name: "responses to a prompt", key: "group", values: [4, 8, 16, 32] },
  { name: "prompts", key: "prompts", values: [4, 8, 16, 32] },
  { name: "side of the image, pixels", key: "side", values: [84, 168, 336] },
  { name: "tokens of a response", key: "tokens", values: [10, 20, 40, 80] },
  { name: "width of the model", key: "width", values: [64, 128, 256, 512] },
];
/** A part may take so much longer than its arithmetic says: what a busy machine does to medians of few. */
const SLACK = 1.15;
/** Parts below this share of a step are not listed: their time is mostly the clock's and the collector's. */
const LEAST_SHARE = 0.03;

/** What bench/grpo-step.ts says. */
interface Told {
  readonly median_step_s: number;
  readonly parts_s: Readonly<Record<string, number>>;
  readonly parts_flop: Readonly<Record<string, number>>;
}

/** The fixture's shape, so many times as wide, with random weights; heads keep their size, images have no upper limit. */
function makeModel(factor: number): string {
  const dir = join(folder, `${factor}`);
  mkdirSync(dir, { recursive: true });
  for (const name of readdirSync(fixture)) {
    if (!name.startsWith("model")) copyFileSync(join(fixture, name), join(dir, name));
  }
  change(join(dir, "config.json"), (config) => {
    const text = ["hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads"];
    const vision = ["hidden_size", "intermediate_size", "num_heads", "out_hidden_size"];
    for (const name of text) config.text_config[name] *= factor;
    for (const name of vision) config.vision_config[name] *= factor;
  });
  change(join(dir, "preprocessor_config.json"), (images) => {
    images.size.longest_edge = 2 ** 24;
  });
  const random = stream(1, "weights");
  const weights = new Map<string, NamedArray>();
  for (const [name, shape] of expectedShapes(readConfig(dir))) {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    weights.set(name, {
      shape,
      data: shape.length === 1 ? data.fill(1) : data.map(() => 0.02 * random.normal()),
    });
  }
  writeSafetensors(join(dir, "model.safetensors"), weights);
  return dir;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds is kept
function change(path: string, edit: (content: any) => void): void {
  const content = JSON.parse(readFileSync(path, "utf8"));
  edit(content);
  writeFileSync(path, JSON.stringify(content));
}

const models = new Map<number, string>();

function measure(sizes: Sizes): Told {
  const factor = sizes.width / base.width;
  if (!models.has(factor)) models.set(factor, makeModel(factor));
  const options = {
    model: models.get(factor)!,
    prompts: sizes.prompts,
    group: sizes.group,
    "max-new": sizes.tokens,
    side: sizes.side,
    steps,
  };
  const argv = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const said = execFileSync("npx", ["tsx", bench, ...argv, "--json"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(said.trim().split("\n").at(-1)!);
}

/** How much there is to do in a part, in a unit of its own. */
function workOf(part: string, sizes: Sizes, told: Told): number {
  if (part === "preprocess") return sizes.prompts * sizes.side ** 2;
  if (part === "optimizer") return sizes.width ** 2;
  if (part === "everything else") return sizes.prompts * sizes.group * sizes.tokens;
  return told.parts_flop[part] ?? 0;
}

const points = axes.flatMap((axis) =>
  axis.values.map((value) => ({ axis, value, sizes: { ...base, [axis.key]: value } })),
);
const taken = points.map(() => [] as Array<Told>);
for (let round = 0; round < rounds; round++) {
  for (const [index, { sizes }] of points.entries()) taken[index]!.push(measure(sizes));
}

interface Row {
  readonly axis: string;
  readonly from: number;
  readonly to: number;
  readonly part: string;
  readonly seconds: readonly [number, number];
  readonly time: number;
  readonly work: number;
}

const rows: Array<Row> = [];
const lines: Array<GrowthLine> = [];
for (const axis of axes) {
  const own = points.flatMap(({ axis: of, value, sizes }, index) =>
    of === axis ? [{ value, sizes, told: taken[index]! }] : [],
  );
  const secondsOf = (at: number, part: string) =>
    spreadOf(own[at]!.told.map(({ parts_s }) => parts_s[part] ?? 0)).median;
  const [before, last] = [own.length - 2, own.length - 1];
  for (const part of Object.keys(own[0]!.told[0]!.parts_s)) {
    const seconds = [secondsOf(before, part), secondsOf(last, part)] as const;
    const works = [before, last].map((at) => workOf(part, own[at]!.sizes, own[at]!.told[0]!));
    const [from, to] = [own[before]!.value, own[last]!.value];
    const [time, work] = [seconds[1] / seconds[0], works[1]! / works[0]!];
    const step = spreadOf(own[last]!.told.map(({ median_step_s }) => median_step_s)).median;
    if (seconds[1] < LEAST_SHARE * step) continue;
    rows.push({ axis: axis.name, from, to, part, seconds, time, work });
  }
  const steady = own.map(({ value, told }) => ({
    value,
    seconds: spreadOf(told.map(({ median_step_s }) => median_step_s)),
    flops: Object.values(told[0]!.parts_flop).reduce((sum, one) => sum + one, 0),
  }));
  lines.push({ axis: axis.name, points: steady });
}

const number = (value: number, digits = 3) => `${Number(value.toPrecision(digits))}`;
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ rows, lines }));
} else {
  const head = ["", "step, s", "range", "GFLOP"];
  for (const { axis, points: steady } of lines) {
    const body = steady.map(({ value, seconds: { median, low, high }, flops }) => [
      `${axis} ${value}`,
      number(median),
      `${number(low)} – ${number(high)}`,
      number(flops / 1e9),
    ]);
    console.log(`${columns([head, ...body], [1, 3]).join("\n")}\n`);
  }
  const table = rows.map(({ axis, from, to, part, seconds, time, work }) => [
    `${axis} ${from} → ${to}`,
    part,
    seconds.map((one) => number(one, 2)).join(" → "),
    `${number(time)}×`,
    `${number(work)}×`,
    time > work * SLACK ? "faster than its arithmetic" : "",
  ]);
  const title = ["", "part", "seconds", "time", "arithmetic", ""];
  console.log(columns([title, ...table], [3, 4]).join("\n"));
}
const plot = textOption("plot");
if (plot !== undefined) writeFileSync(plot, await growthPlot(lines));
