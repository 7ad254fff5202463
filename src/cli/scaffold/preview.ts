/** What `rcpa new` shows of a file: numbers, three examples, and why the pipeline is as it is. CLI. */
import { dirname } from "node:path";
import { imageBytes } from "../../data/image-source.ts";
import { rowKind } from "../../data/records.ts";
import { readImage } from "../../models/image-file.ts";
import type { Choices } from "./choices.ts";
import type { PlacedRow, Survey } from "./survey.ts";

/** One example as it is shown. */
export interface Example {
  /** The file it is in, and its line there; of Parquet the number of the row. */
  readonly file: string;
  readonly line: number;
  readonly question: string;
  readonly answer: string;
  /** Width and height in pixels; null when the image cannot be read. */
  readonly image: { readonly width: number; readonly height: number } | null;
  readonly reference: string | null;
}

/** The first examples with the sizes of their images. */
export function examplesOf({ examples }: Survey): Promise<ReadonlyArray<Example>> {
  return Promise.all(
    examples.map(async ({ file, line, row }: PlacedRow) => {
      const read = imageBytes(row.image, { dir: dirname(file.path), outside: false });
      const raster =
        "problem" in read ? undefined : await readImage(read.bytes).catch(() => undefined);
      const { question, answer, reference = null } = row;
      const image = raster === undefined ? null : { width: raster.width, height: raster.height };
      return { file: file.name, line, question, answer, image, reference };
    }),
  );
}

/** The first words of a text on one line. */
function start(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 72 ? `${line.slice(0, 71)}…` : line;
}

/** Numbers and examples, a line each. */
export function renderSurvey(survey: Survey, examples: ReadonlyArray<Example>): string {
  const { rows, worked, reference, answers } = survey;
  const kinds = Object.entries(answers).filter(([, count]) => count > 0);
  const share = Math.round((100 * worked) / Math.max(1, rows));
  const solutions =
    reference === undefined ? "none" : `${worked} (${share} %), in the field ${reference}`;
  return [
    `${survey.file}: shape ${survey.shape}`,
    ...(Object.keys(survey.splits).length === 0 ? [] : [`  splits      ${splitsOf(survey)}`]),
    `  rows        ${rows}${survey.broken > 0 ? `, ${survey.broken} with problems` : ""}`,
    `  answers     ${kinds.map(([kind, count]) => `${count} ${kind}s`).join(", ") || "none"}`,
    `  solutions   ${solutions}`,
    ...examples.flatMap(renderExample),
  ].join("\n");
}

const splitsOf = ({ splits }: Survey): string =>
  Object.entries(splits)
    .map(([split, files]) => `${split} (${files === 1 ? "1 file" : `${files} files`})`)
    .join(", ");

function renderExample({
  file,
  line,
  question,
  answer,
  image,
  reference,
}: Example): ReadonlyArray<string> {
  const size = image === null ? "cannot be read" : `${image.width} × ${image.height} pixels`;
  return [
    `${rowKind(file) === "lines" ? "line" : "row"} ${line}`,
    `  image       ${size}`,
    `  question    ${start(question)}`,
    `  answer      ${start(answer)}`,
    ...(reference === null ? [] : [`  solution    ${start(reference)}`]),
  ];
}

/** What was chosen, and why. */
export function renderChoices({ own, phases, calculations, maxTokens }: Choices): string {
  const why = own === undefined ? "the world has worked solutions" : reasons(own.survey);
  return [
    phases
      ? `stages  warmup, partialConstraint, transition, grpo, evaluate: ${why}`
      : `stages  grpo, evaluate: ${why}, so there is nothing to impose`,
    `reward  right answer 1, form 0.1${calculations ? ", calculations that hold 1" : ""}`,
    `tokens  ${maxTokens} a response at most`,
  ].join("\n");
}

const reasons = ({ worked }: Survey): string =>
  worked > 0 ? `${worked} rows have a worked solution` : "no row has a worked solution";
