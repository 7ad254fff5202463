/** What files of rows hold: its fields, the shape they make, examples, and every first problem at its place. CLI. */

import { DataInvalid, type DataProblem } from "../../data/data-invalid.ts";
import { readRecords } from "../../data/records.ts";
import { brief } from "../../data/turns.ts";
import type { Tokenizer } from "../../models/tokenizer.ts";
import { type Example, examplesOf, renderSurvey } from "../scaffold/preview.ts";
import { type Survey, survey } from "../scaffold/survey.ts";
import type { Target } from "../scaffold/target.ts";
import { columns } from "../table.ts";

/** One field of the rows. */
export interface Field {
  readonly name: string;
  /** Rows that hold something there. */
  readonly rows: number;
  /** Kinds of values with their numbers, for instance `text` or `list of objects`. */
  readonly kinds: Readonly<Record<string, number>>;
  /** The first value, cut to 60 characters. */
  readonly first: string;
}

/** A data file, as `--json` gives it; null is what cannot be found out. */
export interface DataInspection {
  readonly kind: "data";
  readonly file: string;
  /** Lines that hold something; rows of Parquet. */
  readonly lines: number;
  readonly fields: ReadonlyArray<Field>;
  readonly survey: Omit<Survey, "examples" | "problems"> | null;
  readonly examples: ReadonlyArray<Example>;
  /** The first 20. */
  readonly problems: ReadonlyArray<DataProblem>;
}

const SHOWN_PROBLEMS = 20;
/** Rows with names of their own would fill the memory. */
const MOST_FIELDS = 200;

/**
 * Reads the rows to learn from from end to end.
 *
 * @param tokenizer of the model that is to read the texts; undefined leaves them unchecked
 * Fails: `DataInvalid` when a file cannot be opened.
 */
export async function inspectData(
  target: Target,
  tokenizer: Tokenizer | undefined,
): Promise<DataInspection> {
  const { lines, fields } = await fieldsOf(target);
  const base = { kind: "data", file: target.name, lines, fields } as const;
  try {
    const found = await survey(target, tokenizer, SHOWN_PROBLEMS);
    const { examples: _, problems, ...numbers } = found;
    return { ...base, survey: numbers, examples: await examplesOf(found), problems };
  } catch (error) {
    if (!(error instanceof DataInvalid)) throw error;
    return { ...base, survey: null, examples: [], problems: error.problems };
  }
}

async function fieldsOf({ files }: Target): Promise<Pick<DataInspection, "lines" | "fields">> {
  const fields = new Map<string, { rows: number; kinds: Record<string, number>; first: string }>();
  let lines = 0;
  for await (const record of recordsOf(files)) {
    lines++;
    if (!("value" in record) || kindOf(record.value) !== "object") continue;
    for (const [name, value] of Object.entries(record.value as object)) {
      if (value === null) continue;
      const known = fields.get(name);
      if (known === undefined && fields.size >= MOST_FIELDS) continue;
      const field = known ?? { rows: 0, kinds: {}, first: brief(value) };
      field.rows++;
      field.kinds[kindOf(value)] = (field.kinds[kindOf(value)] ?? 0) + 1;
      fields.set(name, field);
    }
  }
  return { lines, fields: [...fields].map(([name, field]) => ({ name, ...field })) };
}

async function* recordsOf(files: Target["files"]) {
  for (const file of files) yield* readRecords(file);
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value))
    return value.length === 0 ? "empty list" : `list of ${plural(value[0])}`;
  if (typeof value === "string") return "text";
  return value === null ? "null" : typeof value;
}

const plural = (value: unknown): string =>
  Array.isArray(value) ? "lists" : `${kindOf(value).replace(/s$/, "")}s`;

/** The same for a person. */
export function renderData(found: DataInspection): string {
  const { file, lines, fields, survey: known, examples, problems } = found;
  const rows = fields.map(({ name, rows: filled, kinds, first }) => [
    `  ${name}`,
    `${filled}`,
    Object.keys(kinds).join(" or "),
    first,
  ]);
  const head =
    known === null
      ? `${file}: ${lines} lines, no known shape`
      : renderSurvey({ ...known, examples: [], problems }, []);
  const broken = known?.broken ?? problems.length;
  return [
    head,
    ...(rows.length === 0
      ? []
      : ["", ...columns([["  field", "rows", "kind", "first"], ...rows], [1])]),
    ...(examples.length === 0 || known === null
      ? []
      : [
          "",
          ...renderSurvey({ ...known, examples: [], problems }, examples)
            .split("\n")
            .slice(head.split("\n").length),
        ]),
    ...(problems.length === 0
      ? []
      : [
          "",
          `problems in ${broken === 1 ? "1 row" : `${broken} rows`}`,
          ...problems.map((one) => `  ${one.place}: ${one.message}`),
        ]),
  ].join("\n");
}
