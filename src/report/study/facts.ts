/** What failed in a study, and where its results come from. Report layer. */
import type { StudyMaterial } from "./material.ts";
import { cellsOf } from "./summary.ts";
import { days, settingsText } from "./words.ts";

/** One run that failed. */
export interface Failure {
  readonly arm: string;
  /** Which of the arm's runs. */
  readonly run: string;
  readonly why: string;
}

/** Every failed run, those that choose settings first. */
export function failuresOf({ arms }: StudyMaterial): ReadonlyArray<Failure> {
  return arms.flatMap(({ name, candidates, finals }) => {
    const tuning = candidates.flatMap((one) =>
      one.tuning.map((cell) => ({ cell, settings: settingsText(one.settings) })),
    );
    const all = [...tuning, ...finals.map((cell) => ({ cell, settings: "" }))];
    return all.flatMap(({ cell: { state, seed, failure }, settings }) => {
      if (state !== "failed") return [];
      const run = settings === "" ? `seed ${seed}` : `${settings}, seed ${seed}`;
      return [{ arm: name, run, why: failure }];
    });
  });
}

/** Command, engine, dates, commits, machine, seeds, test items: what is known of them, by name. */
export function factsOf(study: StudyMaterial): ReadonlyArray<readonly [string, string]> {
  const cells = cellsOf(study);
  const origins = cells.flatMap((cell) => cell.origin ?? []);
  const distinct = (of: (one: (typeof origins)[number]) => string) =>
    [...new Set(origins.map(of))].filter((text) => text !== "").sort();
  const evaluation = cells.find((cell) => cell.evaluation !== null)?.evaluation;
  const further = Object.entries(evaluation?.also ?? {}).map(([name, { n }]) => `${n} ${name}`);
  const items = evaluation
    ? [`${evaluation.domain.n} domain`, `${evaluation.general.n} general`, ...further]
    : [];
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["command", study.command],
    ["engine", study.engine],
    ["date", days(origins.map(({ startedAt }) => startedAt))],
    ["commit", distinct(({ commit }) => commit).join(", ")],
    ["machine", distinct(({ machine }) => machine).join("; ")],
    ["seeds", study.seeds.join(", ")],
    ["test items", items.join(", ")],
  ];
  return facts.filter(([, value]) => value !== "");
}
