/** Small evaluation suites in the layouts of the real ones. Used by tests of their readers and of `rcpa eval`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";

/** A PNG of one colour. */
export const png = (red: number, green: number, blue: number): Promise<Buffer> =>
  sharp({
    create: { width: 28, height: 28, channels: 3, background: { r: red, g: green, b: blue } },
  })
    .png()
    .toBuffer();

type Elements = NonNullable<Parameters<typeof parquetWriteBuffer>[0]["schema"]>;
type Kind = "text" | "whole" | "real" | "image" | "texts" | "answers";

const utf8 = (name: string): Elements[number] => ({
  ...{ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
});
const list = (name: string): Elements => [
  { name, num_children: 1, repetition_type: "OPTIONAL", converted_type: "LIST" },
  { name: "list", num_children: 1, repetition_type: "REPEATED" },
];

/** The schema of a column as `datasets` writes it. */
const elementsOf: Readonly<Record<Kind, (name: string) => Elements>> = {
  text: (name) => [utf8(name)],
  whole: (name) => [{ name, type: "INT64", repetition_type: "OPTIONAL" }],
  real: (name) => [{ name, type: "DOUBLE", repetition_type: "OPTIONAL" }],
  image: (name) => [
    { name, num_children: 2, repetition_type: "OPTIONAL" },
    { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
    utf8("path"),
  ],
  texts: (name) => [...list(name), utf8("element")],
  answers: (name) => [
    ...list(name),
    { name: "element", num_children: 2, repetition_type: "OPTIONAL" },
    utf8("answer"),
    { name: "answer_id", type: "INT64", repetition_type: "OPTIONAL" },
  ],
};

type Row = Readonly<Record<string, unknown>>;

/** Writes rows as Parquet; a field that a row lacks is null. */
export function writeParquet(
  path: string,
  kinds: Readonly<Record<string, Kind>>,
  rows: ReadonlyArray<Row>,
): string {
  const names = Object.keys(kinds);
  const schema: Elements = [
    { name: "root", num_children: names.length },
    ...names.flatMap((name) => elementsOf[kinds[name]!](name)),
  ];
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) }));
  writeFileSync(path, Buffer.from(parquetWriteBuffer({ columnData, schema })));
  return path;
}

/** Writes rows as pandas writes TSV: cells with tabs, quotes or line ends are quoted. */
export function writeTsv(path: string, columns: ReadonlyArray<string>, rows: ReadonlyArray<Row>) {
  const cell = (value: unknown) => {
    const text = value == null ? "" : `${value}`;
    return /[\t"\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))];
  writeFileSync(path, lines.map((line) => `${line.map(cell).join("\t")}\n`).join(""));
  return path;
}

const imageOf = (bytes: Buffer) => ({ bytes: new Uint8Array(bytes), path: "1.png" });

/** One suite of each kind, of a few questions, in the folder `dir`; gives what `--suite` takes. */
export async function writeSuites(dir: string): Promise<Readonly<Record<string, string>>> {
  const [red, blue] = [await png(255, 0, 0), await png(0, 0, 255)];
  const mmbench = {
    "l2-category": "perception",
    category: "color",
    question: "Which color is it?",
  };
  writeTsv(
    join(dir, "mmbench.tsv"),
    ["index", "question", "hint", "A", "B", "C", "D", "answer", "category", "image", "l2-category"],
    [
      { ...mmbench, index: 1, A: "red", B: "blue", answer: "A", image: red.toString("base64") },
      { ...mmbench, index: 1000001, A: "blue", B: "red", answer: "B", image: "1" },
      {
        ...mmbench,
        ...{ index: 2, hint: 'A "hint"\nof two lines', A: "a cat", B: "a dog", C: "a cow" },
        ...{ answer: "C", category: "animal", image: blue.toString("base64") },
      },
    ],
  );
  writeParquet(
    join(dir, "mmstar.parquet"),
    {
      ...{ index: "whole", question: "text", image: "image", answer: "text" },
      ...{ category: "text", l2_category: "text" },
    },
    ["A", "B"].map((answer, at) => ({
      ...{ index: BigInt(at), answer, image: imageOf(red), category: "math" },
      ...{
        l2_category: "geometry",
        question: "Which one?\nOptions: A: red, B: dark red, C: 5 cm.",
      },
    })),
  );
  const free = { question_type: "free_form", decoded_image: imageOf(blue), question: "How long?" };
  writeParquet(
    join(dir, "mathvista.parquet"),
    {
      ...{ pid: "text", question: "text", image: "text", decoded_image: "image" },
      ...{ choices: "texts", unit: "text", precision: "real", answer: "text" },
      ...{ question_type: "text", answer_type: "text", query: "text" },
    },
    [
      {
        ...{ pid: "1", question: "Which?", answer: "blue", choices: ["red", "blue"] },
        ...{ question_type: "multi_choice", answer_type: "text", decoded_image: imageOf(red) },
        query: "Hint: Give a letter.\nQuestion: Which?\nChoices:\n(A) red\n(B) blue",
      },
      { ...free, pid: "2", answer: "7", answer_type: "integer", unit: "cm" },
      { ...free, pid: "3", answer: "1.2", answer_type: "float", precision: 1 },
      { ...free, pid: "4", answer: "[1, 2]", answer_type: "list" },
    ],
  );
  mkdirSync(join(dir, "images"));
  writeFileSync(join(dir, "images/COCO_val2014_000000000007.png"), red);
  writeFileSync(join(dir, "images/COCO_val2014_000000000042.png"), blue);
  const pope = [7, 7, 42, 42].map((image, at) => ({
    ...{ question_id: at, image: `COCO_val2014_0000000000${`${image}`.padStart(2, "0")}.png` },
    ...{ text: "Is there a dog in the image?", label: at % 2 === 0 ? "yes" : "no" },
  }));
  writeFileSync(join(dir, "pope.jsonl"), pope.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const people = (...answers: ReadonlyArray<string>) =>
    answers.map((answer, at) => ({ answer, answer_confidence: "yes", answer_id: at + 1 }));
  const questions = [42, 7].map((image_id, at) => ({
    ...{ image_id, question: "What color is it?", question_id: 10 * image_id + at },
  }));
  const annotations = questions.map(({ image_id, question_id }) => ({
    ...{ question_type: "what color is it", answer_type: "other", image_id, question_id },
    answers: people(...Array<string>(10).fill(image_id === 7 ? "red" : "blue")),
  }));
  const head = { info: { year: 2017 }, data_subtype: "val2014" };
  writeFileSync(join(dir, "questions.json"), JSON.stringify({ ...head, questions }));
  writeFileSync(
    join(dir, "annotations.json"),
    JSON.stringify({ ...head, annotations: [...annotations].reverse() }),
  );
  return {
    mmbench: "mmbench=mmbench.tsv",
    mmstar: "mmstar=mmstar.parquet",
    mathvista: "mathvista=mathvista.parquet",
    pope: "pope=pope.jsonl,images",
    vqa: "vqa=questions.json,annotations.json,images",
  };
}
