/** The cells of a study: which arm, setting and seed, and the pipeline of each. CLI. */
import { adjust, type Pipeline } from "../../dsl/pipeline.ts";
import { type Candidate, evaluationOf, type Study } from "../../dsl/study.ts";
import { stageIds } from "../../runtime/plan.ts";
import { cut } from "../../runtime/select.ts";

/** One run of a study: `tune` chooses settings and ends before the evaluation, `final` is compared. */
export interface CellId {
  readonly phase: "tune" | "final";
  readonly arm: string;
  /** Index of the arm's setting. */
  readonly candidate: number;
  readonly seed: number;
}

/** `tune/sft/0/101`, as on a command line. */
export const cellText = ({ phase, arm, candidate, seed }: CellId): string =>
  [phase, arm, candidate, seed].join("/");

/** Reads what `cellText` wrote; undefined for anything else, and for what the study does not have. */
export function readCellId(text: string, study: Study): CellId | undefined {
  const [, phase, arm, index, seed] = /^(tune|final)\/(.+)\/(\d+)\/(-?\d+)$/.exec(text) ?? [];
  const candidate = Number(index);
  if (phase === undefined || study.arms[arm!]?.candidates[candidate] === undefined)
    return undefined;
  return { phase: phase as CellId["phase"], arm: arm!, candidate, seed: Number(seed) };
}

/** The arm and its setting. */
export const candidateOf = (study: Study, { arm, candidate }: CellId): Candidate =>
  study.arms[arm]!.candidates[candidate]!;

/** The pipeline as its file has it, without what comes from the evaluation on when it chooses settings. */
export function pipelineOf(study: Study, cell: CellId): Pipeline {
  const { pipeline } = candidateOf(study, cell);
  if (cell.phase === "final") return pipeline;
  const until = stageIds(pipeline)[evaluationOf(pipeline) - 1];
  return cut(pipeline, { fresh: [], from: undefined, until, verify: false });
}

/** The pipeline as it runs: with its seed, and its numbers of steps multiplied. */
export const pipelineToRun = (study: Study, cell: CellId, stepsScale: number): Pipeline =>
  adjust(pipelineOf(study, cell), { seed: cell.seed, stepsScale });

/** The runs that choose an arm's settings; none where there is nothing to choose. */
export function tuningCells(study: Study, arm: string): ReadonlyArray<CellId> {
  const { candidates } = study.arms[arm]!;
  if (candidates.length === 1) return [];
  return candidates.flatMap((_, candidate) =>
    study.tuneSeeds.map((seed): CellId => ({ phase: "tune", arm, candidate, seed })),
  );
}

/** The runs of an arm that are compared. */
export const finalCells = (study: Study, arm: string, candidate: number): ReadonlyArray<CellId> =>
  study.seeds.map((seed): CellId => ({ phase: "final", arm, candidate, seed }));
