/** Readers of files that nobody vouches for: thousands of damaged lines, rows, texts and paths. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { parseBounded } from "../../src/core/bounded-json.ts";
import { readLines } from "../../src/core/lines.ts";
import { stream } from "../../src/core/seed.ts";
import { imageBytes, imageSources } from "../../src/data/image-source.ts";
import { type Row, readRow } from "../../src/data/row.ts";
import { layoutOf, shapeNames } from "../../src/data/shape.ts";
import { readWorked, statedAnswer, thoughtsOf } from "../../src/data/worked-text.ts";
import { ImageUnreadable, readImage } from "../../src/models/image-file.ts";
import { sameAnswer } from "../../src/rewards/answer.ts";
import { damaged, damagedText } from "../support/damage.ts";
import { temporaryFolder } from "../support/folder.ts";
import { problems, referenceField, rowOf } from "../support/own-data.ts";

const ROUNDS = 10_000;
const noFields = { question: null, answer: null, reference: null, image: null, family: null };
const pieces = [
  ...["<image>", "<think>", "</think>", "<answer>", "</answer>", "\\boxed{", "}", "\0", "\ud800"],
  ...["", " ", "\n", "8", "é", "../", "/", "data:image/png;base64,", "https://", "__proto__"],
];
const values = [
  null,
  0,
  -1,
  1e308,
  true,
  "",
  [],
  {},
  [[]],
  [null],
  { role: "user" },
  "x".repeat(70_000),
];

const damage = { pieces, values };

/** Every text and number in a value. */
function leaves(value: unknown): ReadonlyArray<string> {
  if (typeof value === "string" || typeof value === "number") return [`${value}`];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [];
}

const oneSpace = (text: string) => text.trim().split(/\s+/).join(" ");

/** What holds of every row that is accepted; nothing in it is invented. */
function expectSound(row: Row, source: unknown): void {
  const texts = leaves(source).map(oneSpace);
  expect(row.question).not.toContain("<image>");
  expect(row.question.trim().length).toBeGreaterThan(0);
  expect(row.question.length).toBeLessThanOrEqual(2 ** 16 + 20);
  expect(row.answer).toBe(oneSpace(row.answer));
  expect(row.answer.length).toBeGreaterThan(0);
  expect(row.answer.length).toBeLessThanOrEqual(1000);
  expect(row.answer).not.toMatch(/<\/?(think|answer)>/);
  expect(texts.some((text) => text.includes(row.answer))).toBe(true);
  if (row.reference === undefined) return;
  const worked = readWorked(row.reference);
  expect(worked?.answer).toBe(row.answer);
  expect(texts.some((text) => text.includes(oneSpace(worked!.thoughts)))).toBe(true);
}

describe.each(shapeNames)("rows of the shape %s, damaged", (shape) => {
  const originals = problems(3, 2).map((example) => rowOf[shape](example, "images/1.png"));

  it("are read soundly or refused in words", () => {
    const random = stream(1, "damaged", shape);
    const layouts = [null, referenceField[shape]].map(
      (reference) => layoutOf(shape, { ...noFields, reference })!,
    );
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let row: unknown = random.pick(originals);
      for (let times = random.integer(4); times >= 0; times--) row = damaged(row, random, damage);
      const read = readRow(row, random.pick(layouts));
      if ("question" in read) {
        accepted++;
        expectSound(read, row);
      } else {
        expect(read.length).toBeGreaterThan(0);
        for (const { message } of read) expect(message).toMatch(/\w/);
        expect(JSON.stringify(read).length).toBeLessThan(2000);
      }
    }
    expect(accepted).toBeGreaterThan(ROUNDS / 20);
    expect(accepted).toBeLessThan(ROUNDS);
  });
});

it("damaged lines parse as JSON does, or are refused", () => {
  const random = stream(1, "lines");
  const line = JSON.stringify(problems(1, 0).map((one) => rowOf.trl(one, "a.png")));
  for (let round = 0; round < ROUNDS; round++) {
    let text = line;
    for (let times = random.integer(3); times >= 0; times--)
      text = damagedText(text, random, pieces);
    const parsed = parseBounded(text);
    let expected: unknown;
    try {
      expected = { value: JSON.parse(text) };
    } catch {
      expected = { problem: expect.stringMatching(/^is not valid JSON: .{1,120}$/s) };
    }
    expect(parsed).toEqual(expected);
  }
});

it("damaged bytes give lines in order, each a text or a problem", () => {
  const random = stream(1, "bytes");
  const file = join(temporaryFolder(), "train.jsonl");
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from('{"problem": "wie groß?"}\r\n'.repeat(20));
    for (let times = 0; times < 5; times++)
      bytes[random.integer(bytes.length)] = random.integer(256);
    writeFileSync(file, bytes);
    const lines = [...readLines(file, 40)];
    const numbers = lines.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const { offset, bytes: length } of lines) {
      expect(bytes.subarray(offset, offset + length).includes(10)).toBe(false);
    }
  }
});

it("no path of a row leads out of the folder", () => {
  const random = stream(1, "paths");
  const root = temporaryFolder();
  const dir = join(root, "data");
  mkdirSync(join(dir, "images"), { recursive: true });
  const png = Buffer.from("\x89PNG\r\n\x1a\nown", "latin1");
  const secret = Buffer.concat([png, Buffer.from("secret")]);
  writeFileSync(join(root, "secret.png"), secret);
  writeFileSync(join(dir, "images/own.png"), png);
  symlinkSync(root, join(dir, "images/up"));
  const parts = [
    "..",
    ".",
    "images",
    "up",
    "own.png",
    "secret.png",
    "data",
    "",
    root,
    "%2e%2e",
    "\\",
  ];
  let read = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const path = Array.from({ length: 1 + random.integer(6) }, () => random.pick(parts)).join("/");
    const sources = imageSources(path);
    if ("problem" in sources) continue;
    const found = imageBytes((sources as ReadonlyArray<{ path: string }>)[0]!, {
      dir,
      outside: false,
    });
    if ("bytes" in found) {
      read++;
      expect(Buffer.from(found.bytes)).toEqual(png);
    }
  }
  expect(read).toBeGreaterThan(20);
});

it("damaged images are decoded or refused", async () => {
  const random = stream(1, "images");
  const [example] = problems(1, 0);
  const { width, height, data } = example!.image;
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const originals = await Promise.all(
    [image.png(), image.jpeg(), image.webp()].map((one) => one.toBuffer()),
  );
  let refused = 0;
  for (let round = 0; round < 600; round++) {
    const bytes = Buffer.from(random.pick(originals));
    for (let times = random.integer(4); times >= 0; times--)
      bytes[random.integer(bytes.length)] = random.integer(256);
    const outcome = await readImage(bytes, { maxPixels: 2 ** 20 }).catch((error) => error);
    if (outcome instanceof ImageUnreadable) refused++;
    else expect(outcome.data).toHaveLength(outcome.width * outcome.height * 3);
  }
  expect(refused).toBeGreaterThan(50);
});

it("hostile texts take no longer than their length", () => {
  const hostile = [
    "<think>",
    "<answer>",
    "</think><answer>",
    "</answer>",
    "\\boxed{",
    "}",
    " \n",
    "$",
    "1,",
  ];
  const size = 2 ** 22;
  for (const piece of hostile) {
    const text = `<think>${piece.repeat(size / piece.length)}`;
    for (const ending of ["", "</answer>", "x"]) {
      for (const read of [readWorked, statedAnswer, thoughtsOf])
        expect(() => read(text + ending)).not.toThrow();
      expect(sameAnswer(text.slice(0, 2 ** 16) + ending, "8")).toBe(false);
    }
  }
});
