/** What differs between two past runs: what was asked for, code, surroundings, metrics and results. Serves the runtime layer. */
import { resolve } from "node:path";
import { canonicalJson } from "../core/digest.ts";
import { type RunHistory, type RunSummary, readRun } from "./history.ts";
import type { RunRecord } from "./record.ts";
import { codeBehind, readStored } from "./stored.ts";

/** A field that is not the same in both runs; null where a run does not have it. */
export interface FieldChange {
  /** For instance `grpo.optimizer.learningRate`, or a source file. */
  readonly field: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** A number of both runs, whether it differs or not; null where it was not measured. */
export interface NumberPair {
  readonly name: string;
  readonly left: number | null;
  readonly right: number | null;
  /** Right minus left; null unless both are there. */
  readonly difference: number | null;
}

/** Two runs side by side. */
export interface RunDiff {
  readonly left: RunSummary;
  readonly right: RunSummary;
  /** Seed, budgets, the order of stages, and the options of those that both have. */
  readonly configuration: ReadonlyArray<FieldChange>;
  /** Source files by content hash, packages by version. */
  readonly code: ReadonlyArray<FieldChange>;
  /** Engine, library, device, command line. */
  readonly environment: ReadonlyArray<FieldChange>;
  /** Means over the last ten steps, of the stages that either run has. */
  readonly metrics: ReadonlyArray<NumberPair & { readonly stage: string }>;
  /** Accuracies, retention, steps, seconds. */
  readonly results: ReadonlyArray<NumberPair>;
}

/**
 * Compares two runs of the store in `out`, each named as in `findRun`.
 *
 * Fails: throws `RunNotFound`.
 */
export function diffRuns(left: string, right: string, out: string): RunDiff {
  const runs = [readRun(left, out), readRun(right, out)] as const;
  const both = <A>(of: (run: RunHistory) => A) => runs.map(of) as unknown as readonly [A, A];
  return {
    left: summaryOf(runs[0]),
    right: summaryOf(runs[1]),
    configuration: changes(...both(({ record }) => configurationOf(record))),
    code: changes(...both(codeOf)),
    environment: changes(...both(({ record }) => environmentOf(record))),
    metrics: pairStages(...runs),
    results: pair(...both(resultsOf)),
  };
}

function summaryOf(run: RunHistory): RunSummary {
  const { record: _, stages: __, evaluation: ___, modelDir: ____, ...summary } = run;
  return summary;
}

type Fields = ReadonlyMap<string, unknown>;

function changes(left: Fields, right: Fields): ReadonlyArray<FieldChange> {
  const names = [...new Set([...left.keys(), ...right.keys()])];
  return names.flatMap((field) => {
    const [before, after] = [left.get(field) ?? null, right.get(field) ?? null];
    const same = canonicalJson(before) === canonicalJson(after);
    return same ? [] : [{ field, left: before, right: after }];
  });
}

function configurationOf(record: RunRecord | null): Fields {
  if (record === null) return new Map();
  const { name, seed, budgets, stages } = record.pipeline;
  const order = record.stages.map(({ id }) => id).join(" → ");
  return new Map<string, unknown>([
    ["pipeline", name],
    ["seed", seed],
    ...leaves("budgets", budgets),
    ["stages", order],
    ...stages.flatMap(({ version, options }, index) => {
      const id = record.stages[index]?.id ?? `${index}`;
      return [[`${id} version`, version] as const, ...leaves(id, options)];
    }),
  ]);
}

/** Free memory changes from minute to minute, and where a run was kept is in its summary. */
const passing = new Set([
  ...["engine.freeMemoryGiB", "command"],
  ...["args.out", "args.json", "args.seed", "args.events"],
]);

function environmentOf(record: RunRecord | null): Fields {
  const fields = Object.entries(record?.environment ?? {}).flatMap(([name, value]) =>
    leaves(name, value),
  );
  return new Map(fields.filter(([name]) => !passing.has(name)));
}

function codeOf({ dir, stages }: RunHistory): Fields {
  const root = resolve(dir, "..", "..");
  const found = stages.flatMap(({ id, key }) => codeBehind(id, readStored(root, key)));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function leaves(path: string, value: unknown): ReadonlyArray<readonly [string, unknown]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, field]) => leaves(`${path}.${key}`, field));
}

function pairStages(left: RunHistory, right: RunHistory): RunDiff["metrics"] {
  const ids = [...new Set([...left.stages, ...right.stages].map(({ id }) => id))];
  const metricsOf = (run: RunHistory, id: string) =>
    new Map(Object.entries(run.stages.find((stage) => stage.id === id)?.metrics ?? {}));
  return ids.flatMap((stage) =>
    pair(metricsOf(left, stage), metricsOf(right, stage)).map((one) => ({ stage, ...one })),
  );
}

function pair(
  left: ReadonlyMap<string, number | null>,
  right: ReadonlyMap<string, number | null>,
): ReadonlyArray<NumberPair> {
  const names = [...new Set([...left.keys(), ...right.keys()])];
  return names.map((name) => {
    const [before, after] = [left.get(name) ?? null, right.get(name) ?? null];
    const difference = before === null || after === null ? null : after - before;
    return { name, left: before, right: after, difference };
  });
}

function resultsOf(run: RunHistory): ReadonlyMap<string, number | null> {
  const { domain, general, retention, evaluation, steps, seconds } = run;
  return new Map([
    ["domain before", domain?.before ?? null],
    ["domain after", domain?.after ?? null],
    ["general before", general?.before ?? null],
    ["general after", general?.after ?? null],
    ["retention", retention],
    ["blank image", evaluation?.blank.accuracy ?? null],
    ...Object.entries(evaluation?.also ?? {}).flatMap(([name, { before, after }]) => [
      [`${name} before`, before.accuracy] as const,
      [`${name} after`, after.accuracy] as const,
    ]),
    ["steps", steps],
    ["seconds", seconds],
    ["memory GiB", run.memoryGib],
  ]);
}
