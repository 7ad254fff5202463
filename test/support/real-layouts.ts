/** A dozen rows in the layouts that public data sets have, and models where the Hub's cache keeps them. Used by tests that run pipelines as users do. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { readSafetensors, writeSafetensors } from "../../src/models/safetensors.ts";

const root = resolve(import.meta.dirname, "../..");
const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A folder to work in as a user does: the package's pipelines and dependencies, nothing else. */
export function makeWorkplace(dir: string): void {
  for (const name of ["pipelines", "node_modules"]) symlinkSync(join(root, name), join(dir, name));
}

/** The folder in which the cache below `dir` keeps the files of a model (`models--org--name`) or data set. */
function cached(dir: string, repo: string): string {
  const folder = join(dir, "hub", repo);
  const snapshot = join(folder, "snapshots", COMMIT);
  mkdirSync(join(folder, "refs"), { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  writeFileSync(join(folder, "refs/main"), COMMIT);
  return snapshot;
}

/**
 * Puts one of the golden checkpoints, tiny models with random weights, into the cache under a real model's name.
 *
 * Its end token is made a likely one: random models never end, and every response would take the longest time.
 */
export function cacheModel(dir: string, repo: string, golden: "qwen2_5_vl" | "smolvlm"): void {
  const snapshot = cached(dir, repo);
  cpSync(join(root, "test/golden", golden, "checkpoint"), snapshot, { recursive: true });
  const path = join(snapshot, "model.safetensors");
  const { eos_token_id: eos } = JSON.parse(
    readFileSync(join(snapshot, "generation_config.json"), "utf8"),
  ) as { readonly eos_token_id: number };
  const weights = readSafetensors(path);
  const { shape, data } = weights.get("lm_head.weight")!;
  const width = shape[1]!;
  for (let at = eos * width; at < (eos + 1) * width; at++) data[at]! *= 8;
  writeSafetensors(path, weights);
}

/** A picture of its own for each index; flat, so that models that cut pictures into tiles make few. */
function picture(index: number, kind: "png" | "jpeg"): Promise<Buffer> {
  const [r, g, b] = [0, 1, 2].map((shift) => (index * 83 + shift * 71) % 256) as [
    number,
    number,
    number,
  ];
  const square = { create: { width: 20, height: 12, channels: 3 as const, background: "white" } };
  return sharp({ create: { width: 96, height: 24, channels: 3, background: { r, g, b } } })
    .composite([{ input: square, left: (index * 5) % 76, top: (index * 7) % 12 }])
    .toFormat(kind)
    .toBuffer();
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const lines = (rows: ReadonlyArray<object>): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** `data/general.jsonl`: ten questions with their pictures beside it, in the shape that `rowOf` gives. */
export async function writeGeneral(
  dir: string,
  rowOf: (image: string, question: string, answer: string) => object,
): Promise<void> {
  const rows: Array<object> = [];
  for (let index = 0; index < 10; index++) {
    const image = `general-${index}.png`;
    write(join(dir, "data", image), await picture(100 + index, "png"));
    rows.push(rowOf(image, "What color is the square?", "white"));
  }
  write(join(dir, "data/general.jsonl"), lines(rows));
}

const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const;

/**
 * Geometry3K as `hiyouga/geometry3k` has it: Parquet by split, images as a list of bytes and path;
 * beside it the user's own worked solutions to three of the training problems.
 */
export async function writeGeometry3k(dir: string): Promise<void> {
  const data = join(cached(dir, "datasets--hiyouga--geometry3k"), "data");
  const problem = (index: number) => ({
    problem: "<image>Find x.",
    answer: index % 2 === 0 ? `${index + 3}` : `${index} \\sqrt { 2 }`,
  });
  const schema = [
    { name: "root", num_children: 6 },
    { name: "images", num_children: 1, repetition_type: "OPTIONAL", converted_type: "LIST" },
    { name: "list", num_children: 1, repetition_type: "REPEATED" },
    { name: "element", num_children: 2, repetition_type: "OPTIONAL" },
    { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
    { name: "path", ...text },
    { name: "problem", ...text },
    { name: "answer", ...text },
    { name: "id", type: "INT64", repetition_type: "OPTIONAL" },
    { name: "choices", num_children: 1, repetition_type: "OPTIONAL", converted_type: "LIST" },
    { name: "list", num_children: 1, repetition_type: "REPEATED" },
    { name: "element", ...text },
    { name: "ground_truth", ...text },
  ] as const;
  const splits = { train: [0, 12], validation: [12, 14], test: [14, 17] } as const;
  for (const [split, [from, to]] of Object.entries(splits)) {
    const rows = Array.from({ length: to - from }, (_, at) => from + at);
    const images = await Promise.all(rows.map((index) => picture(index, "png")));
    const columnData = [
      {
        name: "images",
        data: images.map((bytes) => [{ bytes: new Uint8Array(bytes), path: "img_diagram.png" }]),
      },
      { name: "problem", data: rows.map((index) => problem(index).problem) },
      { name: "answer", data: rows.map((index) => problem(index).answer) },
      { name: "id", data: rows.map(BigInt) },
      { name: "choices", data: rows.map(() => ["1", "2", "3", "4"]) },
      { name: "ground_truth", data: rows.map(() => "A") },
    ];
    const bytes = parquetWriteBuffer({ columnData, schema: [...schema] });
    write(join(data, `${split}-00000-of-00001.parquet`), new Uint8Array(bytes));
  }
  const worked: Array<object> = [];
  for (let index = 0; index < 3; index++) {
    write(join(dir, "data", `${index}.png`), await picture(index, "png"));
    const solution = `Both sides are equal, so x = ${problem(index).answer}.`;
    worked.push({ images: [`${index}.png`], ...problem(index), solution });
  }
  write(join(dir, "data/geometry3k-worked.jsonl"), lines(worked));
}

/** OpenI's reports as `ykumards/open-i` has them: Parquet, one row a study, images as bytes; two rows have gaps. */
export async function writeOpenI(dir: string): Promise<void> {
  const data = join(cached(dir, "datasets--ykumards--open-i"), "data");
  const rows = Array.from({ length: 14 }, (_, index) => index);
  const images = await Promise.all(rows.map((index) => picture(index, "jpeg")));
  const sides = ["left", "right", "upper", "lower"];
  const said = (words: (side: string, index: number) => string | null) =>
    rows.map((index) => words(sides[index % 4]!, index));
  const texts: Readonly<Record<string, ReadonlyArray<string | null>>> = {
    MeSH: said(() => "normal"),
    Problems: said(() => "normal"),
    image: said(() => "Xray Chest PA and Lateral"),
    indication: said(() => "Chest pain."),
    comparison: said((_, index) => (index % 2 === 0 ? "None." : null)),
    findings: said((side, index) =>
      index === 3 ? null : `The heart size is normal. The ${side} lung is clear.`,
    ),
    impression: said((side, index) => (index === 4 ? null : `No effusion in the ${side} lung.`)),
  };
  const bytesOf = (index: number) => new Uint8Array(images[index]!);
  const columnData = [
    { name: "uid", data: rows.map(BigInt) },
    ...Object.entries(texts).map(([name, data]) => ({ name, data: [...data] })),
    { name: "img_frontal", data: rows.map((index) => (index === 5 ? null : bytesOf(index))) },
    { name: "img_lateral", data: rows.map((index) => (index === 6 ? null : bytesOf(index))) },
  ];
  const bytes = { type: "BYTE_ARRAY", repetition_type: "OPTIONAL" } as const;
  const schema = [
    { name: "root", num_children: columnData.length },
    { name: "uid", type: "INT64", repetition_type: "OPTIONAL" },
    ...Object.keys(texts).map((name) => ({ name, ...text })),
    { name: "img_frontal", ...bytes },
    { name: "img_lateral", ...bytes },
  ] as const;
  const file = parquetWriteBuffer({ columnData, schema: [...schema] });
  write(join(data, "train-00000-of-00001-0123456789abcdef.parquet"), new Uint8Array(file));
}

/** COCO's captions as its own files have them: twelve images, five captions each, in one object. */
export async function writeCoco(dir: string): Promise<void> {
  const ids = Array.from({ length: 12 }, (_, index) => 139 + 146 * index);
  const nameOf = (id: number) => `${String(id).padStart(12, "0")}.jpg`;
  for (const id of ids) write(join(dir, "coco/val2017", nameOf(id)), await picture(id, "jpeg"));
  const colors = ["red", "blue", "white", "green"];
  const annotations = ids.flatMap((image_id, at) =>
    ["A", "The", "One", "Some", "This"].map((article, index) => ({
      image_id,
      id: 5 * at + index,
      caption: `${article} ${colors[at % 4]} square on a wall.\n`,
    })),
  );
  const images = ids.map((id) => ({
    license: 4,
    file_name: nameOf(id),
    height: 24,
    width: 96,
    date_captured: "2013-11-21 01:34:01",
    id,
  }));
  const document = { info: { year: 2017 }, licenses: [], images, annotations };
  write(join(dir, "coco/annotations/captions_val2017.json"), JSON.stringify(document));
}
