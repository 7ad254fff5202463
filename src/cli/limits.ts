/** Declared budgets and the device's memory, held against what is known before a run. CLI. */
import type { Issue } from "../dsl/issue.ts";
import type { Pipeline } from "../dsl/pipeline.ts";
import type { Cost } from "../runtime/estimate.ts";
import { type Device, nvidiaGpu, processor } from "../tensor/device.ts";
import { footprint, gib, memoryError } from "./footprint.ts";

const GiB = 1024 ** 3;

/** Budgets that say nothing about what an evaluation measures. */
const ofTheRun = new Set(["maxHours", "maxMemoryGiB"]);

/** Budgets that no run of the pipeline can meet, and stages that the device's memory cannot hold. */
export function unmetLimits(
  pipeline: Pipeline,
  costs: ReadonlyArray<Cost | undefined>,
): ReadonlyArray<Issue> {
  const gpu = nvidiaGpu();
  const onGpu = !("reason" in gpu);
  const device = onGpu ? gpu : processor();
  return [
    ...unmeasured(pipeline),
    ...overBudget(pipeline, costs, onGpu),
    ...overDevice(pipeline, costs, onGpu, device),
  ];
}

function unmeasured(pipeline: Pipeline): ReadonlyArray<Issue> {
  if (pipeline.stages.some(({ gives }) => gives.includes("evaluation"))) return [];
  const measured = Object.entries(pipeline.budgets).filter(
    ([budget, limit]) => limit !== undefined && !ofTheRun.has(budget),
  );
  return measured.map(([budget]) => ({
    code: "UnmeetableBudget",
    path: `${pipeline.name}.budgets.${budget}`,
    message: "no stage measures it",
    hint: "add evaluate() as the last stage",
    ...(pipeline.at && { at: pipeline.at }),
  }));
}

/** A budget is out of reach when the estimate is above it by more than its error. */
function overBudget(
  pipeline: Pipeline,
  costs: ReadonlyArray<Cost | undefined>,
  onGpu: boolean,
): ReadonlyArray<Issue> {
  const limit = pipeline.budgets.maxMemoryGiB;
  if (limit === undefined) return [];
  const needs = costs.map((cost, index) => [index, cost?.peakBytes ?? 0] as const);
  const [index, tensors] = [...needs].sort(([, a], [, b]) => b - a)[0] ?? [0, 0];
  const bytes = footprint(tensors, onGpu);
  if (tensors === 0 || bytes * (1 - memoryError) <= limit * GiB) return [];
  return [
    {
      code: "UnmeetableBudget",
      path: `${pipeline.name}.budgets.maxMemoryGiB`,
      message: `${pipeline.stages[index]!.name} is expected to take about ${gib(bytes)}`,
      hint: "microBatch computes fewer responses at once; a smaller model needs less",
      ...(pipeline.at && { at: pipeline.at }),
    },
  ];
}

function overDevice(
  pipeline: Pipeline,
  costs: ReadonlyArray<Cost | undefined>,
  onGpu: boolean,
  { name, totalGiB }: Device,
): ReadonlyArray<Issue> {
  return pipeline.stages.flatMap((stage, index): ReadonlyArray<Issue> => {
    const least = costs[index]?.leastBytes ?? 0;
    if (least === 0 || footprint(least, onGpu) <= totalGiB * GiB) return [];
    const bytes = gib(footprint(least, onGpu));
    return [
      {
        code: "TooLittleMemory",
        path: stage.name,
        message: `needs at least about ${bytes}, ${name} has ${totalGiB.toFixed(1)} GiB`,
        hint: "a smaller model, or optimizer.freeze for parts of it, needs less",
        ...(stage.at && { at: stage.at }),
      },
    ];
  });
}
