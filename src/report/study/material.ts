/** What a study's documents are made of: its cells as the store has them. Report layer. */
import { join } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { mean } from "../../core/statistics.ts";
import { Evaluation } from "../../dsl/artifacts.ts";
import type { Settings } from "../../dsl/study.ts";
import { type Expense, nothing, plus } from "../../runtime/expense.ts";
import { measuresFile, readMeasures } from "../../runtime/measures.ts";
import type { Plan } from "../../runtime/plan.ts";
import { readResult } from "../../runtime/result.ts";
import { readSteps } from "../../runtime/steps.ts";
import type { Point } from "../thin.ts";

/** An arm with its settings under one seed. */
export interface Cell {
  readonly seed: number;
  readonly state: "done" | "failed" | "missing";
  /** Why it failed; empty otherwise. */
  readonly failure: string;
  /** Validation at the end of the last stage that measured any; null when none did. */
  readonly validation: Accuracies | null;
  /** On the test split; null before the evaluation. */
  readonly evaluation: Evaluation | null;
  /** Training steps of all stages. */
  readonly steps: number;
  /** Everything before the evaluation; null where a stage did not record it. */
  readonly spent: Expense | null;
  /** Validation accuracy over the steps of all stages, from the base at 0. */
  readonly curve: ReadonlyArray<CurvePoint>;
  /** Share of right sampled answers over the steps. */
  readonly sampled: ReadonlyArray<Point>;
  /** When and where it was run first; null when that run's folder is gone. */
  readonly origin: Origin | null;
}

/** Accuracies in [0, 1]; null where the suite has no examples. */
export interface Accuracies {
  readonly domain: number | null;
  readonly general: number | null;
}

/** Accuracies after so many steps. */
export interface CurvePoint extends Accuracies {
  readonly step: number;
}

/** Where a result comes from. */
export interface Origin {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Commit of the repository, `+` where files had been changed; empty when it is not known. */
  readonly commit: string;
  readonly machine: string;
}

/** One setting of an arm and what it reached with the seeds that choose. */
export interface CandidateMaterial {
  readonly settings: Settings;
  readonly tuning: ReadonlyArray<Cell>;
  /** Mean validation accuracy in the domain over the choosing seeds; null unless all are done. */
  readonly accuracy: number | null;
  /** Mean share of the base's general accuracy that is kept there; null unless all are done and measured it. */
  readonly kept: number | null;
}

/** An arm with all its cells. */
export interface ArmMaterial {
  readonly name: string;
  readonly doc: string;
  readonly candidates: ReadonlyArray<CandidateMaterial>;
  /** Index of the candidate that is compared; null while that is open, or when all have failed. */
  readonly chosen: number | null;
  /** One a seed, in order. */
  readonly finals: ReadonlyArray<Cell>;
}

/** A study as far as the store has it. */
export interface StudyMaterial {
  readonly name: string;
  readonly doc: string;
  readonly arms: ReadonlyArray<ArmMaterial>;
  readonly contrasts: ReadonlyArray<readonly [string, string]>;
  readonly tuneSeeds: ReadonlyArray<number>;
  readonly seeds: ReadonlyArray<number>;
  /** As in the study's definition. */
  readonly keep?: number;
  readonly engine: string;
  /** What makes the document again. */
  readonly command: string;
}

/** Of a cell that has no results. */
export const emptyCell: Omit<Cell, "seed" | "state" | "failure"> = {
  ...{ validation: null, evaluation: null, steps: 0, spent: null },
  ...{ curve: [], sampled: [], origin: null },
};

/** Mean validation accuracy of a candidate's cells; null unless each has one. */
export function accuracyOf(cells: ReadonlyArray<Cell>): number | null {
  const values = cells.map(({ validation }) => validation?.domain ?? null);
  return values.length === 0 || values.includes(null) ? null : mean(values as Array<number>);
}

/** Mean general accuracy on validation as a share of the base's; null unless each cell has both. */
export function keptOf(cells: ReadonlyArray<Cell>): number | null {
  const values = cells.map(({ validation, curve }) => {
    const [after, before] = [validation?.general ?? null, curve[0]?.general ?? null];
    return after === null || before === null || before === 0 ? null : after / before;
  });
  return values.length === 0 || values.includes(null) ? null : mean(values as Array<number>);
}

/** Reads the results of a plan whose stages are all stored below `root`. */
export function readCell(plan: Plan, root: string, seed: number, origin: Origin | null): Cell {
  const evaluated = plan.stages.findIndex(({ stage }) => stage.gives.includes("evaluation"));
  const before = evaluated === -1 ? plan.stages : plan.stages.slice(0, evaluated);
  let steps = 0;
  let spent: Expense | null = nothing;
  let base: CurvePoint | undefined;
  const curve: Array<CurvePoint> = [];
  const sampled: Array<Point> = [];
  for (const { key } of before) {
    const dir = join(root, "stages", key);
    const result = readResult(dir);
    const lines = readSteps(join(dir, "steps.jsonl"));
    for (const [at, { metrics }] of lines.entries()) {
      const step = steps + at + 1;
      if (Number.isFinite(metrics.accuracy)) sampled.push({ step, value: metrics.accuracy! });
      const seen = pointAt(step, metrics.validationDomain, metrics.validationGeneral);
      if (seen !== undefined) curve.push(seen);
    }
    for (const { step, metrics } of readMeasures(join(dir, measuresFile))) {
      base ??= pointAt(0, metrics.baseDomainAccuracy, metrics.baseGeneralAccuracy);
      const end = pointAt(steps + step, metrics.domainAccuracy, metrics.generalAccuracy);
      if (end !== undefined) curve.push(end);
    }
    steps += typeof result === "string" ? 0 : result.steps;
    const own: Expense | undefined = typeof result === "string" ? undefined : result.spent;
    spent = own === undefined || spent === null ? null : plus(spent, own);
  }
  const { domain, general } = curve.at(-1) ?? {};
  const validation = curve.length === 0 ? null : { domain: domain!, general: general! };
  const evaluation = evaluationIn(plan.stages[evaluated]?.action);
  return {
    ...{ seed, state: "done", failure: "", validation, evaluation, steps, spent },
    ...{ curve: [...(base === undefined ? [] : [base]), ...onceEach(curve)], sampled, origin },
  };
}

function evaluationIn(action: Plan["stages"][number]["action"] | undefined): Evaluation | null {
  if (action?._tag !== "Hit") return null;
  return Option.getOrNull(Schema.decodeUnknownOption(Evaluation)(action.outputs.evaluation));
}

function pointAt(
  step: number,
  domain: number | undefined,
  general: number | undefined,
): CurvePoint | undefined {
  if (domain === undefined && general === undefined) return undefined;
  return { step, domain: domain ?? null, general: general ?? null };
}

/** A look at the last step and the measurement after it say the same. */
const onceEach = (curve: ReadonlyArray<CurvePoint>): ReadonlyArray<CurvePoint> => [
  ...new Map(curve.map((point) => [point.step, point])).values(),
];
