import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataInvalid } from "../../src/data/data-invalid.ts";
import { detect, type ReadLine, readRows } from "../../src/data/rows.ts";
import { shapeNames } from "../../src/data/shape.ts";
import { temporaryFolder } from "../support/folder.ts";
import { problems, writeOwnData } from "../support/own-data.ts";

const noFields = { question: null, answer: null, reference: null, image: null, family: null };

function written(text: string): string {
  const file = join(temporaryFolder(), "train.jsonl");
  writeFileSync(file, text);
  return file;
}

const found = (path: string, fields = {}) =>
  detect({ path, name: "train.jsonl" }, "auto", { ...noFields, ...fields });

async function refusal(body: () => Promise<unknown>): Promise<string> {
  try {
    await body();
  } catch (error) {
    expect(error).toBeInstanceOf(DataInvalid);
    return (error as DataInvalid).message;
  }
  return "";
}

describe("detect", () => {
  it.each(shapeNames)("knows the shape %s", async (shape) => {
    const file = await writeOwnData(temporaryFolder(), shape, problems(2, 2));
    expect((await found(file)).shape).toBe(shape);
  });

  it("looks past broken lines", async () => {
    expect((await found(written('{"a"\n[]\n{"problem": "?"}\n'))).shape).toBe("easyr1");
  });

  it("says which fields there are when it knows none", async () => {
    const file = written('{"frage": "?", "bild": "a.png"}\n');
    expect(await refusal(() => found(file))).toContain(
      'train.jsonl: has rows of no known shape (llava, swift, easyr1, trl): their fields are frage, bild; name yours with fields: { question: "frage", … }, or ask one question of all with ask: "…"',
    );
    expect((await found(file, { question: "frage" })).shape).toBeUndefined();
  });

  it("says that there is nothing", async () => {
    expect(await refusal(() => found(written("\n")))).toContain("has no row that is a JSON object");
    expect(await refusal(() => found(join(temporaryFolder(), "absent")))).toContain(
      "there is no such file",
    );
    expect(await refusal(() => found(temporaryFolder()))).toContain("EISDIR");
  });
});

it("reads a JSON document, with its problems by file, row and field", async () => {
  const path = join(temporaryFolder(), "captions.json");
  const file = { path, name: "captions.json" };
  const write = (document: unknown) => writeFileSync(path, JSON.stringify(document));
  const images = [{ id: 1, file_name: "1.jpg" }];
  const annotations = [
    { image_id: 1, id: 7, caption: "A dog." },
    { image_id: 2, id: 8, caption: "A cat." },
    { image_id: 1, id: 9 },
  ];
  write({ images, annotations });
  const reading = { ask: "What is there?", references: "plain" } as const;
  const fields = { ...noFields, reference: "caption" };
  const { shape, layout } = await detect(file, "auto", fields, reading);
  expect(shape).toBeUndefined();
  const found: Array<unknown> = [];
  for await (const line of readRows(file, layout)) {
    found.push("row" in line ? line.row.question : [line.problems[0]!.place, line.gap]);
  }
  expect(found).toEqual([
    "What is there?",
    ["captions.json:2:image_id", false],
    ["captions.json:3:caption", true],
  ]);
  write({ train: [] });
  expect(await refusal(() => detect(file, "auto", fields, reading))).toContain(
    "captions.json: holds neither a list of rows nor COCO's lists",
  );
});

it("gives rows and problems with file, line and field", async () => {
  const row = '{"problem": "how many?", "answer": "8", "images": ["a.png"]}';
  const file = written(`${row}\n\n{"problem": "how many?", "answer": "8"}\nnonsense\n${row}`);
  const { layout } = await found(file);
  const lines: Array<ReadLine> = [];
  for await (const line of readRows({ path: file, name: "train.jsonl" }, layout)) lines.push(line);
  expect(lines.map(({ line }) => line)).toEqual([1, 3, 4, 5]);
  expect(lines.map((line) => "row" in line)).toEqual([true, false, false, true]);
  const places = lines.flatMap((line) => ("problems" in line ? line.problems : []));
  expect(places.map(({ place }) => place)).toEqual(["train.jsonl:3:image", "train.jsonl:4"]);
});
