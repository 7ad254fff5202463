/** What a study's cells come to: samples over seeds, and differences between arms. Report layer. */
import { type Sample, sampleOf } from "../../core/student.ts";
import type { ArmMaterial, Cell, StudyMaterial } from "./material.ts";

/** Samples over the seeds of an arm that are done; null where nothing was measured. */
export interface ArmSummary {
  readonly domain: Sample | null;
  /** Domain accuracy after less before. */
  readonly gain: Sample | null;
  readonly general: Sample | null;
  readonly retention: Sample | null;
  /** Further tests by name. */
  readonly further: Readonly<Record<string, Sample | null>>;
  readonly steps: Sample | null;
  /** Floating-point operations of training. */
  readonly flops: Sample | null;
  /** Processor seconds of training. */
  readonly cpuSeconds: Sample | null;
}

/** Two arms, seed by seed: the first less the second. */
export interface Contrast {
  readonly pair: readonly [string, string];
  readonly domain: Sample | null;
  readonly retention: Sample | null;
  /** Whether the arms' own intervals of domain accuracy overlap; null where one has none. */
  readonly overlap: boolean | null;
}

const sampled = (values: ReadonlyArray<number | null | undefined>): Sample | null => {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : sampleOf(known);
};

const domainOf = ({ evaluation }: Cell) => evaluation?.domain.after.accuracy;
export const gainOf = ({ evaluation }: Cell) =>
  evaluation === null
    ? undefined
    : evaluation.domain.after.accuracy - evaluation.domain.before.accuracy;
const generalOf = ({ evaluation }: Cell) => evaluation?.general.after.accuracy;
export const retentionOf = ({ evaluation }: Cell) => evaluation?.retention?.value;

/** Names of the further tests of some cells. */
export const furtherTests = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> => [
  ...new Set(cells.flatMap(({ evaluation }) => Object.keys(evaluation?.also ?? {}))),
];

/** Over the seeds that are done. */
export function summaryOf({ finals }: ArmMaterial): ArmSummary {
  const done = finals.filter(({ state }) => state === "done");
  return {
    domain: sampled(done.map(domainOf)),
    gain: sampled(done.map(gainOf)),
    general: sampled(done.map(generalOf)),
    retention: sampled(done.map(retentionOf)),
    further: Object.fromEntries(
      furtherTests(done).map((name) => [
        name,
        sampled(done.map(({ evaluation }) => evaluation?.also?.[name]?.after.accuracy)),
      ]),
    ),
    steps: sampled(done.map(({ steps }) => steps)),
    flops: sampled(done.map(({ spent }) => spent?.flops || null)),
    cpuSeconds: sampled(done.map(({ spent }) => spent?.cpuSeconds)),
  };
}

/** Every contrast of the study, over the seeds that both arms have. */
export function contrastsOf({ contrasts, arms }: StudyMaterial): ReadonlyArray<Contrast> {
  return contrasts.map((pair) => {
    const [left, right] = pair.map((name) => arms.find((arm) => arm.name === name)!);
    const differences = (of: (cell: Cell) => number | undefined) =>
      left!.finals.map((cell) => {
        const other = right!.finals.find(({ seed }) => seed === cell.seed);
        const [a, b] = [of(cell), other && of(other)];
        return a === undefined || b === undefined ? null : a - b;
      });
    return {
      pair,
      domain: sampled(differences(domainOf)),
      retention: sampled(differences(retentionOf)),
      overlap: overlapping(summaryOf(left!).domain, summaryOf(right!).domain),
    };
  });
}

function overlapping(a: Sample | null, b: Sample | null): boolean | null {
  if (a === null || b === null || a.low === null || b.low === null) return null;
  return a.low <= b.high! && b.low <= a.high!;
}

/** All cells of a study, those that choose settings included. */
export const cellsOf = ({ arms }: StudyMaterial): ReadonlyArray<Cell> =>
  arms.flatMap(({ candidates, finals }) => [
    ...candidates.flatMap(({ tuning }) => tuning),
    ...finals,
  ]);
