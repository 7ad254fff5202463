/** A study's material without runs, for tests of its documents. */
import type { Evaluation } from "../../src/dsl/artifacts.ts";
import type { Settings } from "../../src/dsl/study.ts";
import {
  type ArmMaterial,
  accuracyOf,
  type Cell,
  emptyCell,
  keptOf,
  type StudyMaterial,
} from "../../src/report/study/material.ts";

const score = (accuracy: number) => ({
  ...{ accuracy, low: accuracy / 2, high: (1 + accuracy) / 2, correct: 1, n: 200 },
});
const comparison = (before: number, after: number) => ({
  ...{ before: score(before), after: score(after), n: 200 },
});

const evaluationOf = (domain: number, kept: number): Evaluation => ({
  ...{ domain: comparison(0.1, domain), general: comparison(1, kept) },
  ...{ retention: { value: kept, low: kept, high: kept }, blank: score(0), families: {} },
  also: { hard: { ...comparison(0, domain / 2), families: {} } },
});

/** A finished cell. */
export const doneCell = (seed: number, domain: number, kept: number): Cell => ({
  ...emptyCell,
  ...{ seed, state: "done", failure: "", steps: 100 },
  validation: { domain, general: kept },
  evaluation: evaluationOf(domain, kept),
  spent: { cpuSeconds: 120, flops: 3e12 },
  curve: [
    { step: 0, domain: 0.1, general: 1 },
    { step: 50, domain: domain / 2, general: (1 + kept) / 2 },
    { step: 100, domain, general: kept },
  ],
  sampled: [1, 40, 100].map((step) => ({ step, value: (domain * step) / 100 })),
  origin: { startedAt: "2026-11-22T23:00:00.000Z", commit: "abc1234", machine: "linux" },
});

/** A cell that failed for `failure`. */
const failedCell = (seed: number, failure: string): Cell => ({
  ...{ ...emptyCell, seed, state: "failed", failure },
});

/** An arm whose settings reached what `tried` says, null for failed ones. */
const armOf = (
  name: string,
  finals: ReadonlyArray<Cell>,
  tried: ReadonlyArray<readonly [Settings, Cell]>,
  chosen: number | null,
): ArmMaterial => ({
  ...{ name, doc: `What ${name} does`, finals, chosen },
  candidates: tried.map(([settings, cell]) => ({
    ...{ settings, tuning: [cell], accuracy: accuracyOf([cell]), kept: keptOf([cell]) },
  })),
});

/** Two arms, three seeds; one seed of the second is not run, one of its settings failed. */
export const material: StudyMaterial = {
  ...{ name: "pair", doc: "Two ways.", tuneSeeds: [101], seeds: [1, 2, 3] },
  ...{ engine: "tensorflow-cpu", command: "npx tsx pair.ts", contrasts: [["good", "bad|odd"]] },
  arms: [
    armOf(
      "good",
      [doneCell(1, 0.7, 0.99), doneCell(2, 0.8, 0.98), doneCell(3, 0.75, 1)],
      [
        [{ learningRate: 3e-4, steps: 100 }, doneCell(101, 0.6, 0.98)],
        [{ learningRate: 1e-3, steps: 100 }, doneCell(101, 0.5, 0.97)],
      ],
      0,
    ),
    armOf(
      "bad|odd",
      [
        doneCell(1, 0.2, 0.9),
        doneCell(2, 0.35, 0.8),
        { ...emptyCell, seed: 3, state: "missing", failure: "" },
      ],
      [
        [{ learningRate: 1e-3 }, failedCell(101, "stage sft failed: Diverged: loss became NaN")],
        [{ learningRate: 0.5 }, doneCell(101, 0.3, 0.9)],
      ],
      1,
    ),
  ],
};
