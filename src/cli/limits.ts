/** Declared budgets and the device's memory, held against what is known before a run. CLI. */
import type { Issue } from "../dsl/issue.ts";
import type { Pipeline } from "../dsl/pipeline.ts";
import type { Cost } from "../runtime/estimate.ts";
import { nvidiaGpu, processor } from "../tensor/device.ts";

const GiB = 1024 ** 3;

/** Budgets that say nothing about what an evaluation measures. */
const ofTheRun = new Set(["maxHours", "maxMemoryGiB"]);

/** Budgets that no run of the pipeline can meet, and stages that the device's memory cannot hold. */
export function unmetLimits(
  pipeline: Pipeline,
  costs: ReadonlyArray<Cost | undefined>,
): ReadonlyArray<Issue> {
  return [...unmeasured(pipeline), ...overBudget(pipeline, costs), ...overDevice(pipeline, costs)];
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

function overBudget(
  pipeline: Pipeline,
  costs: ReadonlyArray<Cost | undefined>,
): ReadonlyArray<Issue> {
  const { maxMemoryGiB } = pipeline.budgets as { readonly maxMemoryGiB?: number };
  if (maxMemoryGiB === undefined) return [];
  const [stage, bytes] = largest(pipeline, costs);
  if (bytes <= maxMemoryGiB * GiB) return [];
  return [
    {
      code: "UnmeetableBudget",
      path: `${pipeline.name}.budgets.maxMemoryGiB`,
      message: `${stage} needs at least about ${gib(bytes)}, also with its batches in the smallest pieces`,
      hint: "a smaller model, or optimizer.freeze for parts of it, needs less",
      ...(pipeline.at && { at: pipeline.at }),
    },
  ];
}

function largest(pipeline: Pipeline, costs: ReadonlyArray<Cost | undefined>) {
  const needs = costs.map((cost, index) => [index, cost?.leastBytes ?? 0] as const);
  const [index, bytes] = needs.sort(([, a], [, b]) => b - a)[0] ?? [0, 0];
  return [pipeline.stages[index]?.name ?? "", bytes] as const;
}

function overDevice(
  pipeline: Pipeline,
  costs: ReadonlyArray<Cost | undefined>,
): ReadonlyArray<Issue> {
  const gpu = nvidiaGpu();
  const { name, totalGiB } = "reason" in gpu ? processor() : gpu;
  return pipeline.stages.flatMap((stage, index): ReadonlyArray<Issue> => {
    const least = costs[index]?.leastBytes ?? 0;
    if (least <= totalGiB * GiB) return [];
    return [
      {
        code: "TooLittleMemory",
        path: stage.name,
        message: `needs at least about ${gib(least)}, ${name} has ${totalGiB.toFixed(1)} GiB`,
        hint: "a smaller model, or optimizer.freeze for parts of it, needs less",
        ...(stage.at && { at: stage.at }),
      },
    ];
  });
}

/** Bytes in GiB, with two digits that count. */
export function gib(bytes: number): string {
  const value = bytes / GiB;
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} GiB`;
}
