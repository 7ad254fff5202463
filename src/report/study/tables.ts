/** The tables of a study, as both documents show them. Report layer. */
import { mean } from "../../core/statistics.ts";
import type { Sample } from "../../core/student.ts";
import type { ArmMaterial, Cell, StudyMaterial } from "./material.ts";
import { cellsOf, contrastsOf, furtherTests, summaryOf } from "./summary.ts";
import { rangeText, settingsText, share, withReach } from "./words.ts";

/** A table whose first column names arms. */
export interface Table {
  readonly name: string;
  readonly title: string;
  /** A sentence before it; may be empty. */
  readonly about: string;
  readonly head: ReadonlyArray<string>;
  readonly rows: ReadonlyArray<ReadonlyArray<string>>;
}

/** All tables that have something to show, the main one first. */
export const tablesOf = (study: StudyMaterial): ReadonlyArray<Table> =>
  [armsTable(study), contrastTable(study), settingsTable(study), seedTable(study)].filter(
    ({ rows }) => rows.length > 0,
  );

function armsTable(study: StudyMaterial): Table {
  const further = furtherTests(cellsOf(study));
  const rows = study.arms.map((arm) => {
    const summary = summaryOf(arm);
    const done = arm.finals.filter(({ state }) => state === "done").length;
    const chosen = arm.candidates[arm.chosen ?? -1];
    return [
      ...[arm.name, arm.doc, chosen ? settingsText(chosen.settings) || "–" : openText(arm)],
      done === study.seeds.length ? `${done}` : `${done} of ${study.seeds.length}`,
      ...[accuracy(summary.domain), accuracy(summary.retention), accuracy(summary.general)],
      ...further.map((name) => accuracy(summary.further[name] ?? null)),
      summary.steps === null ? "–" : `${Math.round(summary.steps.mean)}`,
      ...[scaled(summary.flops, 1e12), scaled(summary.cpuSeconds, 60)],
    ];
  });
  const measures = ["domain", "retention", "general", ...further];
  return {
    ...{ name: "arms", title: "Arms", about: aboutArms(study) },
    head: ["arm", "what it is", "setting", "seeds", ...measures, "steps", "TFLOP", "CPU min"],
    rows: [...baseRow(study, further), ...rows],
  };
}

function aboutArms({ arms }: StudyMaterial): string {
  const several = arms.some(({ finals }) => finals.length > 1);
  return [
    several
      ? "Mean over the seeds ± half the 95 % interval (Student's t over seeds), in brackets the range from the worst seed to the best."
      : "One seed: there is no interval.",
    "Domain, retention (general accuracy after / before) and general are of greedy answers on the test split, read once, with the chosen setting.",
    "Steps, TFLOP and CPU minutes are means over seeds of all training before the evaluation, without validation: products of matrices as the engine did them, a multiplication with its addition as two operations; user and system time of the process.",
  ].join(" ");
}

function openText({ candidates }: ArmMaterial): string {
  const failed = candidates.every(({ tuning }) => tuning.some(({ state }) => state === "failed"));
  return failed ? "all settings failed" : "not chosen yet";
}

type Measured = NonNullable<Cell["evaluation"]>;

/** The base is the same for all arms; with another seed it meets other problems. */
function baseRow({ arms }: StudyMaterial, further: ReadonlyArray<string>): Table["rows"] {
  const bySeed = new Map(
    arms.flatMap(({ finals }) =>
      finals.flatMap(({ seed, evaluation }) => (evaluation ? [[seed, evaluation] as const] : [])),
    ),
  );
  if (bySeed.size === 0) return [];
  const over = (of: (evaluation: Measured) => number) => share(mean([...bySeed.values()].map(of)));
  return [
    [
      ...["base", "the model before", "–", ""],
      ...[over((one) => one.domain.before.accuracy), "1.000"],
      over((one) => one.general.before.accuracy),
      ...further.map((name) => over((one) => one.also?.[name]?.before.accuracy ?? Number.NaN)),
      ...["0", "0", "0"],
    ],
  ];
}

/** `.823 ± .021 (.801–.840)` */
function accuracy(sample: Sample | null): string {
  if (sample === null) return "–";
  const range = rangeText(sample);
  return range === "" ? withReach(sample) : `${withReach(sample)} (${range})`;
}

/** Three digits that count; an exact 0 where nothing was measured would be a lie. */
const scaled = (sample: Sample | null, unit: number): string =>
  sample === null ? "–" : `${Number((sample.mean / unit).toPrecision(3))}`;

function contrastTable(study: StudyMaterial): Table {
  const rows = contrastsOf(study).map(({ pair, domain, retention, overlap }) => [
    ...[pair.join(" − "), signed(domain), verdict(domain)],
    ...[overlap === null ? "–" : overlap ? "yes" : "no", signed(retention), `${domain?.n ?? 0}`],
  ]);
  return {
    ...{ name: "differences", title: "Differences" },
    about:
      "The first arm less the second, paired seed by seed, with the 95 % interval of the mean difference.",
    head: ["difference", "domain", "differs from 0", "own intervals overlap", "retention", "seeds"],
    rows,
  };
}

/** `+.213 [.180, .246]` */
function signed(sample: Sample | null): string {
  if (sample === null) return "–";
  const { low, high } = sample;
  const bounds = low === null ? "" : ` [${share(low)}, ${share(high!)}]`;
  return `${sample.mean > 0 ? "+" : ""}${share(sample.mean)}${bounds}`;
}

function verdict(sample: Sample | null): string {
  if (sample === null || sample.low === null) return "–";
  return sample.low > 0 || sample.high! < 0 ? "yes" : "no, within noise";
}

function settingsTable({ arms, tuneSeeds, keep = 0 }: StudyMaterial): Table {
  const tuned = arms.filter(({ candidates }) => candidates.length > 1);
  const rows = tuned.flatMap(({ name, candidates, chosen }) =>
    candidates.map((one, at) => [
      ...[name, settingsText(one.settings)],
      one.accuracy === null ? stateText(one.tuning) : share(one.accuracy),
      ...[generalText(one.tuning), at === chosen ? "chosen" : ""],
    ]),
  );
  const among =
    keep > 0
      ? ` among the settings that keep ${share(keep)} of the base's general accuracy there (among all where none does)`
      : "";
  const seeds = tuneSeeds.length === 1 ? `seed ${tuneSeeds[0]}` : `seeds ${tuneSeeds.join(", ")}`;
  return {
    ...{ name: "settings", title: "Settings tried" },
    about: `With ${seeds}. Of each arm the highest domain accuracy on the validation split is chosen${among}, of equal ones the first.`,
    head: ["arm", "setting", "domain, validation", "general, validation", ""],
    rows,
  };
}

function generalText(tuning: ReadonlyArray<Cell>): string {
  const values = tuning.map(({ validation }) => validation?.general ?? null);
  return values.length === 0 || values.includes(null) ? "–" : share(mean(values as Array<number>));
}

const stateText = (cells: ReadonlyArray<Cell>): string => {
  if (cells.some(({ state }) => state === "failed")) return "failed";
  return cells.some(({ state }) => state === "missing") ? "not run" : "not measured";
};

function seedTable({ arms, seeds }: StudyMaterial): Table {
  const rows = arms.map(({ name, finals }) => [
    name,
    ...seeds.map((seed) => seedText(finals.find((cell) => cell.seed === seed))),
  ]);
  return {
    ...{ name: "seeds", title: "Each seed", about: "Domain accuracy, retention." },
    head: ["arm", ...seeds.map((seed) => `seed ${seed}`)],
    rows,
  };
}

function seedText(cell: Cell | undefined): string {
  if (cell === undefined || cell.state === "missing") return "not run";
  if (cell.state === "failed") return "failed";
  const { domain, retention } = cell.evaluation ?? {};
  if (domain === undefined) return "–";
  return `${share(domain.after.accuracy)}, ${retention ? share(retention.value) : "–"}`;
}
