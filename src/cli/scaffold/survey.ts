/** What a user's files of rows hold: shape, numbers, lengths, and the field with references. CLI. */
import { dirname } from "node:path";
import { sha256 } from "../../core/digest.ts";
import { type DataProblem, placeOf } from "../../data/data-invalid.ts";
import { imageBytes } from "../../data/image-source.ts";
import type { RowFile } from "../../data/records.ts";
import type { Row } from "../../data/row.ts";
import { detect, type ReadLine, readRows } from "../../data/rows.ts";
import type { FieldNames, Layout, Shape } from "../../data/shape.ts";
import { type Content, settleParts } from "../../data/split.ts";
import type { Tokenizer } from "../../models/tokenizer.ts";
import { steps } from "../../rewards/steps.ts";
import { unreadable } from "../../stages/readable.ts";
import type { Target } from "./target.ts";

/** A row with its file and its line there, of Parquet its number. */
export interface PlacedRow {
  readonly file: RowFile;
  readonly line: number;
  readonly row: Row;
}

/** Kinds of answers, by how they can be compared. */
export type AnswerKind = "number" | "option" | "text";

/** What was found. */
export interface Survey extends Pick<Target, "kind"> {
  /** The file or folder as the user wrote it. */
  readonly file: string;
  /** Splits of a folder with the number of their files. */
  readonly splits: Readonly<Record<string, number>>;
  readonly shape: Shape;
  /** The field that holds worked solutions; undefined without any. */
  readonly reference: string | undefined;
  readonly rows: number;
  readonly worked: number;
  /** Worked rows whose thoughts are calculations that hold and lead to the answer. */
  readonly calculated: number;
  readonly answers: Readonly<Record<AnswerKind, number>>;
  /** Tokens of the longest worked solution and of the longest answer. */
  readonly longestReference: number;
  readonly longestAnswer: number;
  /** Whether few enough rows share a question that parts can share none. */
  readonly ownQuestions: boolean;
  readonly examples: ReadonlyArray<PlacedRow>;
  /** The first problems, and how many rows have any. */
  readonly problems: ReadonlyArray<DataProblem>;
  readonly broken: number;
}

const SHOWN_EXAMPLES = 3;
/** Rows by which the field with references is chosen. */
const TRIED_ROWS = 200;
/** Rows whose image is opened; the data stage opens all. */
const OPENED_IMAGES = 200;
const noFields = { question: null, answer: null, reference: null, image: null, family: null };

/**
 * Reads the rows to learn from once from end to end.
 *
 * @param tokenizer the model's, to count tokens and find words it cannot read; without one both are left out
 * @param shown how many problems are kept
 * Fails: `DataInvalid` when there are no rows of a known shape.
 * Memory: a hash of each row's image and question, and as `readRows`.
 */
export async function survey(
  { name, kind, files, splits }: Target,
  tokenizer: Tokenizer | undefined,
  shown = 5,
): Promise<Survey> {
  const { shape, layout } = await detect(files[0]!, "auto", noFields);
  const reference = await referenceField(files[0]!, layout);
  const tally = newTally({ tokenizer, shown });
  for (const file of files) {
    const named: FieldNames = { ...noFields, reference: reference ?? null };
    for await (const line of readRows(file, (await detect(file, "auto", named)).layout)) {
      if ("row" in line) tally.row({ ...line, file });
      else tally.broken(line.problems);
    }
  }
  return { file: name, kind, splits, shape: shape!, reference, ...tally.result() };
}

/** Names under which worked solutions are found, likeliest first; then the messages themselves. */
const referenceNames = [
  ...["reference", "rationale", "reasoning", "explanation", "thoughts", "thinking", "cot"],
  ...["solution", "completion", "response"],
];

/** The field whose texts most often hold thoughts; undefined when none does in the first rows. */
async function referenceField(file: RowFile, layout: Layout): Promise<string | undefined> {
  const names = [...referenceNames, ...layout.question];
  const counts: Array<number> = [];
  for (const reference of names) {
    const lines = await firstLines(readRows(file, { ...layout, reference }), TRIED_ROWS);
    counts.push(lines.filter((line) => "row" in line && explains(line.row)).length);
  }
  const most = Math.max(...counts);
  return most === 0 ? undefined : names[counts.indexOf(most)];
}

async function firstLines(lines: AsyncGenerator<ReadLine>, count: number) {
  const first: Array<ReadLine> = [];
  for await (const line of lines) {
    first.push(line);
    if (first.length >= count) break;
  }
  return first;
}

/** A reference of a few words may be the answer in another form, with its unit for instance. */
function explains({ reference, answer }: Row): boolean {
  if (reference === undefined) return false;
  const words = reference
    .replace(/<\/?(think|answer)>/g, "")
    .trim()
    .split(/\s+/).length;
  return words - answer.split(/\s+/).length >= 4;
}

interface Look {
  readonly tokenizer: Tokenizer | undefined;
  readonly shown: number;
}

function newTally({ tokenizer, shown }: Look) {
  const count = { rows: 0, worked: 0, calculated: 0, longestReference: 0, longestAnswer: 0 };
  const answers: Record<AnswerKind, number> = { number: 0, option: 0, text: 0 };
  const contents: Array<Content> = [];
  const examples: Array<PlacedRow> = [];
  const problems: Array<DataProblem> = [];
  let brokenRows = 0;
  const broken = (found: ReadonlyArray<DataProblem>) => {
    brokenRows++;
    problems.push(...found.slice(0, shown - problems.length));
  };
  const tokens = (text: string) => tokenizer?.encode(text).length ?? 0;
  return {
    broken,
    row: ({ file, line, row }: PlacedRow) => {
      count.rows++;
      const folder = { dir: dirname(file.path), outside: false };
      const found = troubles(row, tokenizer, count.rows <= OPENED_IMAGES ? folder : undefined);
      if (found.length > 0) {
        const at = (field: string) => placeOf(file.name, line, field);
        broken(found.map(([field, message]) => ({ place: at(field), message })));
      }
      if (row.reference !== undefined) {
        count.worked++;
        if (steps(row.reference) === 1) count.calculated++;
        count.longestReference = Math.max(count.longestReference, tokens(row.reference));
      }
      answers[kindOf(row.answer)]++;
      count.longestAnswer = Math.max(count.longestAnswer, tokens(row.answer));
      contents.push({ image: nameOf(row), question: sha256(row.question).slice(0, 16) });
      if (examples.length < SHOWN_EXAMPLES) examples.push({ file, line, row });
    },
    result: () => ({
      ...{ ...count, answers, examples, problems, broken: brokenRows },
      ownQuestions: canSplit(contents),
    }),
  };
}

function troubles(
  row: Row,
  tokenizer: Tokenizer | undefined,
  folder: Parameters<typeof imageBytes>[1] | undefined,
): ReadonlyArray<readonly [field: string, message: string]> {
  const texts = (["question", "answer", "reference"] as const).flatMap((field) => {
    const text = row[field];
    const problem = text && tokenizer && unreadable(text, tokenizer);
    return problem === undefined ? [] : [[field, problem] as const];
  });
  const read = folder === undefined ? undefined : imageBytes(row.image, folder);
  if (read === undefined || !("problem" in read)) return texts;
  return [...texts, [row.imageField, read.problem] as const];
}

const nameOf = ({ image }: Row): string =>
  "path" in image ? image.path : sha256(image.bytes).slice(0, 16);

function kindOf(answer: string): AnswerKind {
  if (/^[-+$\u2212]?[\d,]*\.?\d+\$?$/.test(answer)) return "number";
  return /^\(?[A-Za-z][).]?$/.test(answer) ? "option" : "text";
}

/** Whether a tenth of the rows can be held out with no question in common with the rest. */
function canSplit(contents: ReadonlyArray<Content>): boolean {
  const rule = { validation: 0.1, test: 0.1, distinct: "image-or-question", seed: 0 } as const;
  const parts = settleParts(contents, rule);
  const share = (part: string) => parts.filter((one) => one === part).length / parts.length;
  return share("test") > 0.05 && share("validation") > 0.05;
}
