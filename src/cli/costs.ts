/** What the stages of a plan will cost on the engine that is there: operations, memory, time. CLI. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digest } from "../core/digest.ts";
import { treeHash } from "../runtime/code.ts";
import {
  type Cost,
  type Foresight,
  flopsOf,
  forecast,
  type Work,
  workOf,
} from "../runtime/estimate.ts";
import type { Plan, PlannedStage } from "../runtime/plan.ts";
import type { Speed } from "../stages/calibration.ts";
import { foresights } from "../stages/foresight.ts";
import type { EngineInfo } from "../tensor/engine.ts";
import { footprint } from "./footprint.ts";
import type { Ready } from "./prepare.ts";

/** What a stage's measured time may be off by, either way, as a share; see docs/log.md. */
export const timeError = 0.4;

/** What a stage will cost; fields are undefined where nothing can be told. */
export interface StageCost {
  readonly id: string;
  /** Loop steps that are left, and how many at most. */
  readonly steps: number;
  readonly mostSteps: number;
  readonly flops: number | undefined;
  /** Memory at the worst moment, of the device or of the whole process on a processor, bytes. */
  readonly peakBytes: number | undefined;
  /** The same with batches in the smallest possible pieces. */
  readonly leastBytes: number | undefined;
  readonly seconds: number | undefined;
  /** Why something is not known. */
  readonly unknown?: string;
}

/** Costs of all stages that a run would run; stored ones cost nothing. */
function costsOf(
  { pipeline, stages }: Plan,
  own: ReadonlyArray<Foresight>,
): ReadonlyArray<Cost | undefined> {
  const all = [...own, ...foresights];
  const stored = (index: number) => {
    const { action } = stages[index]!;
    return action._tag === "Hit" ? action.outputs : undefined;
  };
  return forecast(pipeline.stages, all, pipeline.seed, stored);
}

/**
 * What is left of each stage, with times from a short measurement on the engine, which is remembered
 * in `cacheDir`.
 *
 * @param own stages that the pipeline's file brings along
 * @param speed whether to measure what is not remembered
 * @param baseBytes memory the process has on a processor before any work
 */
export async function stageCosts(
  { plan, engine }: Ready,
  own: ReadonlyArray<Foresight>,
  cacheDir: string,
  baseBytes: number,
  speed: "measured" | "remembered" = "measured",
): Promise<ReadonlyArray<StageCost>> {
  const costs = costsOf(plan, own);
  const onGpu = engine?.name === "tensorflow-gpu";
  const memory = (tensors: number) => footprint(tensors, onGpu, baseBytes);
  const works = plan.stages.map((planned, index) => workLeft(planned, costs[index]));
  const speeds = new Map<string, Speed>();
  for (const [index, cost] of costs.entries()) {
    if (engine === undefined || cost?.basis === undefined || works[index]!.length === 0) continue;
    await findSpeed(cost.basis, engine, cacheDir, speeds, speed === "measured");
  }
  const speedFor = (cost: Cost | undefined) =>
    speeds.get(basisKey(cost?.basis)) ?? [...speeds.values()][0];
  return plan.stages.map((planned, index) => {
    const cost = costs[index];
    return describe(planned, cost, works[index]!, speedFor(cost), memory);
  });
}

function workLeft({ action }: PlannedStage, cost: Cost | undefined): ReadonlyArray<Work> {
  if (action._tag === "Hit" || cost === undefined) return [];
  return workOf(cost, action._tag === "Resume" ? action.step : 0);
}

function describe(
  { id, action }: PlannedStage,
  cost: Cost | undefined,
  work: ReadonlyArray<Work>,
  speed: Speed | undefined,
  memory: (tensors: number) => number,
): StageCost {
  if (action._tag === "Hit") {
    return { id, steps: 0, mostSteps: 0, flops: 0, peakBytes: 0, leastBytes: 0, seconds: 0 };
  }
  if (cost === undefined) {
    const nothing = { flops: undefined, seconds: undefined };
    const bytes = { peakBytes: undefined, leastBytes: undefined };
    const unknown = "the stage gives no estimate";
    return { id, steps: 0, mostSteps: 0, ...nothing, ...bytes, unknown };
  }
  const done = action._tag === "Resume" ? action.step : 0;
  const [steps, mostSteps] = [cost.steps, cost.mostSteps].map((all) => Math.max(0, all - done));
  const [peakBytes, leastBytes] = [cost.peakBytes, cost.leastBytes].map((bytes) =>
    bytes === 0 ? 0 : memory(bytes),
  );
  const left = { id, steps: steps!, mostSteps: mostSteps!, peakBytes, leastBytes };
  if (cost.unknown !== undefined) {
    return { ...left, flops: undefined, seconds: undefined, unknown: cost.unknown };
  }
  const seconds = work.length === 0 ? 0 : speed && secondsOf(work, speed);
  return { ...left, flops: flopsOf(work), seconds };
}

function secondsOf(work: ReadonlyArray<Work>, { lines }: Speed): number {
  return work.reduce((sum, { kind, times, flops }) => {
    const { fixed, perFlop } = lines[kind as keyof Speed["lines"]];
    return sum + times * (fixed + perFlop * flops);
  }, 0);
}

/** Measures once for each model and engine. */
async function findSpeed(
  basis: unknown,
  engine: EngineInfo,
  cacheDir: string,
  speeds: Map<string, Speed>,
  measuring: boolean,
): Promise<void> {
  const { name, version, device, threads } = engine;
  const subject = basisKey(basis);
  if (speeds.has(subject)) return;
  const code = treeHash(fileURLToPath(new URL("..", import.meta.url)), ["cli", "report"]);
  const key = digest([{ name, version, device, threads }, subject, code]).slice(0, 32);
  const path = join(cacheDir, `speed-${key}.json`);
  const remembered = readSpeed(path);
  if (remembered === undefined && !measuring) return;
  const speed = remembered ?? (await measure(basis, name));
  speeds.set(subject, speed);
  if (remembered === undefined) remember(path, speed);
}

/** What earlier stages have asked of the model changes no speed. */
function basisKey(basis: unknown): string {
  return digest([JSON.stringify(basis, (key, value) => (key === "asked" ? undefined : value))]);
}

async function measure(basis: unknown, engine: EngineInfo["name"]): Promise<Speed> {
  const { calibrate } = await import("../stages/calibration.ts");
  return calibrate(basis as Parameters<typeof calibrate>[0], engine !== "tensorflow-gpu");
}

function readSpeed(path: string): Speed | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Speed) : undefined;
}

function remember(path: string, speed: Speed): void {
  try {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, JSON.stringify(speed));
  } catch {
    // A folder that cannot be written only costs the next plan its two seconds.
  }
}
