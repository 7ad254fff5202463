/** A plan with its costs as text, JSON or Mermaid. CLI. */
import { duration } from "../core/duration.ts";
import { describe } from "../dsl/describe.ts";
import { renderAction } from "../runtime/plan.ts";
import { type StageCost, timeError } from "./costs.ts";
import { gib } from "./footprint.ts";
import { describeEngine, type Ready } from "./prepare.ts";

type Costs = ReadonlyArray<StageCost>;

/** Sums over all stages; undefined where a stage is not known. */
function inAll(costs: Costs) {
  const sum = (field: "flops" | "seconds") =>
    costs.some((cost) => cost[field] === undefined)
      ? undefined
      : costs.reduce((total, cost) => total + cost[field]!, 0);
  const peakBytes = Math.max(0, ...costs.map((cost) => cost.peakBytes ?? 0));
  return { flops: sum("flops"), seconds: sum("seconds"), peakBytes };
}

const range = (seconds: number) => [seconds * (1 - timeError), seconds * (1 + timeError)] as const;

/** Operations with a unit: `3.2 GFLOP`, `1.1 PFLOP`. */
export function flopText(flops: number): string {
  const units = ["", "k", "M", "G", "T", "P", "E"];
  const power = flops < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(flops) / 3));
  const value = flops / 1000 ** power;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[power]}FLOP`;
}

/** The table: what happens with each stage, and what is left to do of it. */
export function planAsText(ready: Ready, costs: Costs): string {
  const { plan, engine } = ready;
  const rows = plan.stages.map(({ id, action }, index) => [
    id,
    renderAction(action),
    ...cells(costs[index]!),
  ]);
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]!.length))) ?? [];
  const lines = rows.map((row) =>
    `  ${row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join("  ")}`.trimEnd(),
  );
  const title = `plan of ${plan.pipeline.name} (seed ${plan.pipeline.seed})`;
  if (engine === undefined) return [describeEngine(ready), title, ...lines].join("\n");
  return [describeEngine(ready), title, ...lines, ...totals(ready, costs)].join("\n");
}

/** Steps, operations, memory, time; empty where there is nothing to do. */
function cells(cost: StageCost): ReadonlyArray<string> {
  const { steps, mostSteps, flops, peakBytes, seconds, unknown } = cost;
  if (unknown !== undefined) {
    const memory = peakBytes === undefined ? "" : `at least ${gib(peakBytes)}`;
    return ["", "", memory, `not known ${unknown}`];
  }
  const some = steps === mostSteps ? `${steps} steps` : `${steps} steps, at most ${mostSteps}`;
  return [
    mostSteps === 0 ? "" : some,
    flops ? flopText(flops) : "",
    peakBytes ? gib(peakBytes) : "",
    seconds ? duration(seconds) : "",
  ];
}

function totals({ engine }: Ready, costs: Costs): ReadonlyArray<string> {
  const { flops, seconds, peakBytes } = inAll(costs);
  const capacity = engine!.memoryGiB * 1024 ** 3;
  const known = [
    ...(flops === undefined ? [] : [flopText(flops)]),
    ...(peakBytes === 0
      ? []
      : [`up to ${gib(peakBytes)} of ${gib(capacity)} on ${engine!.device}`]),
    ...(seconds === undefined ? [] : [`about ${duration(seconds)}`]),
  ];
  const line = known.length === 0 ? [] : [`in all: ${known.join(", ")}`];
  return [...line, ...errorLine(engine!.name, seconds), ...tooLarge(costs, capacity)];
}

/** One line before a run: memory, and time where an earlier plan has measured it; undefined when nothing is known. */
export function expectedLine(costs: Costs): string | undefined {
  const { seconds, peakBytes } = inAll(costs);
  const time = seconds ? [`about ${duration(seconds)} (± ${timeError * 100} %)`] : [];
  const memory = peakBytes > 0 ? [`up to ${gib(peakBytes)}`] : [];
  return time.length + memory.length === 0
    ? undefined
    : `expected: ${[...time, ...memory].join(", ")}`;
}

function errorLine(engine: string, seconds: number | undefined): ReadonlyArray<string> {
  if (seconds === undefined || seconds === 0) return [];
  const [low, high] = range(seconds);
  const error = `± ${timeError * 100} %, ${duration(low)} to ${duration(high)}`;
  return [`times from a short measurement on ${engine}, ${error}; longer beside other work`];
}

/** A line for each stage that the device's memory does not hold at once. */
function tooLarge(costs: Costs, capacity: number): ReadonlyArray<string> {
  return costs.flatMap(({ id, peakBytes = 0, leastBytes = 0 }) => {
    if (peakBytes <= capacity) return [];
    const how =
      leastBytes <= capacity
        ? `its batches will be divided (at least ${gib(leastBytes)})`
        : `it needs at least ${gib(leastBytes)}, also in the smallest pieces`;
    return [`${id} does not fit at once: ${how}`];
  });
}

/** One object: engine, stages with action and cost, and the sums; null where nothing is known. */
export function planAsJson({ plan, engine }: Ready, costs: Costs): string {
  const stages = plan.stages.map(({ id, key, action }, index) => {
    const { steps, mostSteps, flops, peakBytes, leastBytes, seconds, unknown } = costs[index]!;
    return {
      ...{ id, key, action: action._tag.toLowerCase() },
      ...(action._tag === "Hit" ? {} : { why: action.why }),
      ...(action._tag === "Resume" ? { step: action.step } : {}),
      ...{ steps, mostSteps, flops: flops ?? null, seconds: seconds ?? null },
      ...{ peakBytes: peakBytes ?? null, leastBytes: leastBytes ?? null },
      ...(unknown === undefined ? {} : { unknown }),
    };
  });
  const { flops, seconds, peakBytes } = inAll(costs);
  const total = { flops: flops ?? null, seconds: seconds ?? null, peakBytes, timeError };
  const { name, seed } = plan.pipeline;
  return JSON.stringify({ pipeline: name, seed, engine: engine ?? null, stages, total }, null, 2);
}

/** The graph of `describe` with what happens and how long it takes in each node. */
export function planAsMermaid({ plan }: Ready, costs: Costs): string {
  const graph = describe(plan.pipeline, "mermaid").split("\n");
  const nodes = plan.stages.map(({ id, action }, index) => {
    const kind = action._tag.toLowerCase();
    const { seconds } = costs[index]!;
    const word = action._tag === "Hit" ? "stored" : kind;
    const time = seconds ? `, ${duration(seconds)}` : "";
    return `  s${index}["${id}<br/>${word}${time}"]:::${kind}`;
  });
  const [first, ...rest] = graph;
  const edges = rest.filter((line) => line.includes("-->"));
  const styles = ["hit fill:#d5e8d4", "resume fill:#fff2cc", "run fill:#dae8fc"];
  return [first, ...nodes, ...edges, ...styles.map((style) => `  classDef ${style}`)].join("\n");
}
