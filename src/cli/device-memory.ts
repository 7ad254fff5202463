/** The memory of the device that computes: how much there is to lend, what stages ask for, what is in use. CLI. */
import { totalmem } from "node:os";
import type { Foresight } from "../runtime/estimate.ts";
import { forecast } from "../runtime/estimate.ts";
import type { Plan } from "../runtime/plan.ts";
import { type Device, nvidiaGpu } from "../tensor/device.ts";
import type { EngineInfo } from "../tensor/engine.ts";

const GiB = 1024 ** 3;

/** Memory that all stages running at one time may hold together, GiB. */
export function capacityGib(engine: EngineInfo | undefined): number {
  return engine?.memoryGiB ?? totalmem() / GiB;
}

/**
 * Permits of each stage, GiB: the memory it is expected to hold at the worst moment.
 *
 * More than the device has becomes all of it: such a stage runs alone, in parts where it must.
 */
export async function permitsOf(
  { pipeline, stages }: Plan,
  own: ReadonlyArray<Foresight>,
  capacity: number,
): Promise<ReadonlyArray<number>> {
  const { foresights } = await import("../stages/foresight.ts");
  const stored = (index: number) => {
    const action = stages[index]?.action;
    return action?._tag === "Hit" ? action.outputs : undefined;
  };
  const costs = forecast(pipeline.stages, [...own, ...foresights], pipeline.seed, stored);
  return costs.map((cost) => Math.min(capacity, (cost?.peakBytes ?? 0) / GiB));
}

const everyMs = 30_000;

/**
 * Reads the most memory of a GPU that was in use so far beyond what was at the engine's start, GiB;
 * undefined without a GPU, where the resident memory of the process counts.
 *
 * The driver is asked at most every 30 s; TensorFlow keeps what it once took, so no peak is missed.
 */
export function memoryGauge(
  engine: EngineInfo | undefined,
  look: () => Device | { readonly reason: string } = nvidiaGpu,
  now: () => number = performance.now.bind(performance),
): (() => number) | undefined {
  if (engine?.name !== "tensorflow-gpu") return undefined;
  let [peak, lookedAt] = [0, Number.NEGATIVE_INFINITY];
  return () => {
    if (now() - lookedAt < everyMs) return peak;
    lookedAt = now();
    const gpu = look();
    if (!("reason" in gpu)) peak = Math.max(peak, engine.freeMemoryGiB - gpu.freeGiB);
    return peak;
  };
}
