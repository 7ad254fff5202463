/** Files as users have them, in each of the four shapes, made from the synthetic geometry world. Used by tests of readers, stages and commands. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Example } from "../../src/data/example.ts";
import { dataset } from "../../src/data/geometry.ts";
import type { Shape } from "../../src/data/shape.ts";

/** `worked` problems with their solution and `answerOnly` without, all different. */
export function problems(worked: number, answerOnly: number): ReadonlyArray<Example> {
  return dataset({ seed: 1, worked, answerOnly, validation: 1, test: 1 }).train;
}

/** Each problem as a row of the shape, its image at `image`. */
export const rowOf: Readonly<Record<Shape, (example: Example, image: string) => object>> = {
  trl: ({ question, answer, reference }, image) => ({
    prompt: [{ role: "user", content: [{ type: "image" }, { type: "text", text: question }] }],
    image,
    answer,
    solution: reference ?? null,
  }),
  easyr1: ({ question, answer, reference }, image) => ({
    problem: `<image>${question}`,
    answer,
    images: [image],
    rationale: reference?.replace(/<answer>.*/, "").replaceAll(/<\/?think>/g, "") ?? null,
  }),
  swift: ({ question, answer, reference }, image) => ({
    messages: [{ role: "user", content: `<image>${question}` }],
    images: [image],
    solution: reference ?? `<answer>${answer}</answer>`,
  }),
  llava: ({ question, answer, reference }, image) => ({
    id: image,
    image,
    conversations: [
      { from: "human", value: `<image>\n${question}` },
      { from: "gpt", value: reference ?? answer },
    ],
  }),
};

/** The field of each shape's rows that holds references. */
export const referenceField: Readonly<Record<Shape, string>> = {
  ...{ trl: "solution", easyr1: "rationale", swift: "solution", llava: "conversations" },
};

/** Writes `train.jsonl` and its PNG images into `dir`; gives the file. */
export async function writeOwnData(
  dir: string,
  shape: Shape,
  examples: ReadonlyArray<Example>,
): Promise<string> {
  mkdirSync(join(dir, "images"), { recursive: true });
  await Promise.all(examples.map((example, index) => writePng(join(dir, nameOf(index)), example)));
  const rows = examples.map((example, index) => rowOf[shape](example, nameOf(index)));
  const file = join(dir, "train.jsonl");
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
}

const nameOf = (index: number) => `images/${index}.png`;

function writePng(path: string, { image: { width, height, data } }: Example) {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}
