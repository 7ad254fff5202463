/** A study as a section of Markdown, which can be read without the code. Report layer. */
import type { Sample } from "../../core/student.ts";
import type { ArmMaterial, Cell, StudyMaterial } from "./material.ts";
import { cellsOf, contrastsOf, furtherTests, summaryOf } from "./summary.ts";
import { days, rangeText, settingsText, share, withReach } from "./words.ts";

/** The section with its marks. */
export function studyMarkdown(study: StudyMaterial): string {
  const { name, doc } = study;
  const parts = [
    `## ${name}`,
    doc,
    armsTable(study),
    notes(study),
    contrastTable(study),
    settingsTable(study),
    seedTable(study),
    failures(study),
    origin(study),
  ].filter((part) => part !== "");
  return `${opening(name)}\n${parts.join("\n\n")}\n${closing(name)}\n`;
}

const opening = (name: string) => `<!-- study ${name} -->`;
const closing = (name: string) => `<!-- /study ${name} -->`;

/** `text` with the study's section in the place of its earlier one, or at the end. */
export function withSection(text: string, name: string, section: string): string {
  const [from, to] = [text.indexOf(opening(name)), text.indexOf(closing(name))];
  if (from === -1 || to < from) return text === "" ? section : `${text.trimEnd()}\n\n${section}`;
  return `${text.slice(0, from)}${section}${text.slice(to + closing(name).length + 1)}`;
}

type Row = ReadonlyArray<string>;

function table(head: Row, rows: ReadonlyArray<Row>): string {
  const line = (cells: Row) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const code = (name: string) => `\`${name}\``;

function armsTable(study: StudyMaterial): string {
  const more = furtherTests(cellsOf(study));
  const head = [
    ...["arm", "what it is", "setting", "seeds", "domain", "retention", "general", ...more],
    ...["steps", "TFLOP", "processor min"],
  ];
  const rows = study.arms.map((arm) => {
    const { domain, retention, general, further, steps, flops, cpuSeconds } = summaryOf(arm);
    const done = arm.finals.filter(({ state }) => state === "done").length;
    const chosen = arm.candidates[arm.chosen ?? -1];
    return [
      ...[code(arm.name), arm.doc, chosen ? settingsText(chosen.settings) || "–" : openText(arm)],
      done === study.seeds.length ? `${done}` : `${done} of ${study.seeds.length}`,
      ...[accuracy(domain), accuracy(retention), accuracy(general)],
      ...more.map((name) => accuracy(further[name] ?? null)),
      ...[count(steps), scaled(flops, 1e12), scaled(cpuSeconds, 60)],
    ];
  });
  return table(head, [...baseRow(study, more), ...rows]);
}

function openText({ candidates }: ArmMaterial): string {
  const failed = candidates.every(({ tuning }) => tuning.some(({ state }) => state === "failed"));
  return failed ? "all settings failed" : "not chosen yet";
}

/** The base is the same for all: its accuracies differ only by the seed's draw of problems. */
function baseRow({ arms }: StudyMaterial, more: ReadonlyArray<string>): ReadonlyArray<Row> {
  const seen = new Map(
    arms.flatMap(({ finals }) =>
      finals.flatMap(({ seed, evaluation }) => (evaluation ? [[seed, evaluation] as const] : [])),
    ),
  );
  if (seen.size === 0) return [];
  const mean = (of: (evaluation: NonNullable<Cell["evaluation"]>) => number) =>
    share([...seen.values()].reduce((sum, one) => sum + of(one), 0) / seen.size);
  const [domain, general] = [
    mean((one) => one.domain.before.accuracy),
    mean((one) => one.general.before.accuracy),
  ];
  const further = more.map((name) =>
    mean((one) => one.also?.[name]?.before.accuracy ?? Number.NaN),
  );
  const nothing = ["0", "0", "0"];
  return [["base", "the model before", "–", "", domain, "1.000", general, ...further, ...nothing]];
}

/** `.823 ± .021 (.801–.840)` */
function accuracy(sample: Sample | null): string {
  if (sample === null) return "–";
  const range = rangeText(sample);
  return range === "" ? withReach(sample) : `${withReach(sample)} (${range})`;
}

const count = (sample: Sample | null) => (sample === null ? "–" : `${Math.round(sample.mean)}`);
const scaled = (sample: Sample | null, unit: number) =>
  sample === null ? "–" : (sample.mean / unit).toPrecision(3).replace(/e\+?(-?\d+)/, "e$1");

function notes({ arms }: StudyMaterial): string {
  const several = arms.some(({ finals }) => finals.length > 1);
  return [
    several
      ? "Mean over the seeds ± half the 95 % interval (Student's t over seeds), in brackets the range from the worst seed to the best."
      : "One seed: there is no interval.",
    "Retention is general accuracy after / before. Domain, retention and general are greedy answers on the test split, read once, with the chosen setting.",
    "Steps, TFLOP and processor minutes are means of all training before the evaluation, without validation: products of matrices as the engine did them, a multiplication with its addition as two; user and system time of the process.",
  ].join(" ");
}

function contrastTable(study: StudyMaterial): string {
  if (study.contrasts.length === 0) return "";
  const signed = (sample: Sample | null) => {
    if (sample === null) return "–";
    const plus = sample.mean > 0 ? "+" : "";
    const { low, high } = sample;
    const bounds = low === null ? "" : ` [${share(low)}, ${share(high!)}]`;
    return `${plus}${share(sample.mean)}${bounds}`;
  };
  const verdict = (sample: Sample | null) => {
    if (sample === null || sample.low === null) return "–";
    return sample.low > 0 || sample.high! < 0 ? "yes" : "no, within noise";
  };
  const rows = contrastsOf(study).map(({ pair, domain, retention, overlap }) => [
    ...[`${code(pair[0])} − ${code(pair[1])}`, signed(domain), verdict(domain)],
    ...[overlap === null ? "–" : overlap ? "yes" : "no", signed(retention), `${domain?.n ?? 0}`],
  ]);
  const head = [
    ...["difference", "domain [95 % interval]", "differs from 0", "arms' own intervals overlap"],
    ...["retention [95 % interval]", "seeds"],
  ];
  return `Differences, paired seed by seed:\n\n${table(head, rows)}`;
}

function settingsTable({ arms, tuneSeeds }: StudyMaterial): string {
  const tuned = arms.filter(({ candidates }) => candidates.length > 1);
  if (tuned.length === 0) return "";
  const general = ({ tuning }: ArmMaterial["candidates"][number]) => {
    const values = tuning.map(({ validation }) => validation?.general ?? null);
    if (values.length === 0 || values.includes(null)) return "–";
    return share((values as Array<number>).reduce((a, b) => a + b, 0) / values.length);
  };
  const rows = tuned.flatMap(({ name, candidates, chosen }) =>
    candidates.map((one, at) => [
      ...[code(name), settingsText(one.settings)],
      one.accuracy === null ? stateText(one.tuning) : share(one.accuracy),
      ...[general(one), at === chosen ? "chosen" : ""],
    ]),
  );
  const seeds = tuneSeeds.length === 1 ? `seed ${tuneSeeds[0]}` : `seeds ${tuneSeeds.join(", ")}`;
  const head = ["arm", "setting", "domain, validation", "general, validation", ""];
  return `Settings tried with ${seeds}; of each arm the highest domain accuracy on the validation split is chosen, of equal ones the first:\n\n${table(head, rows)}`;
}

const stateText = (cells: ReadonlyArray<Cell>): string =>
  cells.some(({ state }) => state === "failed") ? "failed" : "not measured";

function seedTable({ arms, seeds }: StudyMaterial): string {
  const cellText = (cell: Cell | undefined) => {
    if (cell === undefined || cell.state === "missing") return "not run";
    if (cell.state === "failed") return "failed";
    const { domain, retention } = cell.evaluation ?? {};
    if (domain === undefined) return "–";
    return `${share(domain.after.accuracy)}, ${retention ? share(retention.value) : "–"}`;
  };
  const rows = arms.map(({ name, finals }) => [
    code(name),
    ...seeds.map((seed) => cellText(finals.find((cell) => cell.seed === seed))),
  ]);
  const head = ["arm", ...seeds.map((seed) => `seed ${seed}`)];
  return `Each seed: domain, retention.\n\n${table(head, rows)}`;
}

function failures({ arms }: StudyMaterial): string {
  const list = arms.flatMap(({ name, candidates, finals }) => {
    const all = [
      ...candidates.flatMap(({ settings, tuning }) =>
        tuning.map((cell) => ({ cell, settings: settingsText(settings) })),
      ),
      ...finals.map((cell) => ({ cell, settings: "" })),
    ];
    return all.flatMap(({ cell: { state, seed, failure }, settings }) =>
      state === "failed"
        ? [`- ${code(name)}${settings === "" ? "" : ` (${settings})`}, seed ${seed}: ${failure}`]
        : [],
    );
  });
  return list.length === 0 ? "" : `Failed:\n\n${list.join("\n")}`;
}

function origin(study: StudyMaterial): string {
  const cells = cellsOf(study);
  const origins = cells.flatMap((cell) => cell.origin ?? []);
  const distinct = (of: (one: (typeof origins)[number]) => string) =>
    [...new Set(origins.map(of))].filter((text) => text !== "").sort();
  const evaluation = cells.find((cell) => cell.evaluation !== null)?.evaluation;
  const facts = [
    `\`${study.command}\``,
    `engine ${study.engine}`,
    days(origins.map(({ startedAt }) => startedAt)),
    distinct(({ commit }) => commit).length > 0
      ? `commit ${distinct(({ commit }) => commit).join(", ")}`
      : "",
    distinct(({ machine }) => machine).join("; "),
    `seeds ${study.seeds.join(", ")}`,
    evaluation ? `test items ${evaluation.domain.n} domain, ${evaluation.general.n} general` : "",
  ].filter((text) => text !== "");
  return `${facts.join(" · ")}`;
}
