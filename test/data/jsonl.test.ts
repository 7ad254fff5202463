import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataInvalid } from "../../src/data/data-invalid.ts";
import { detect, readRows } from "../../src/data/jsonl.ts";
import { shapeNames } from "../../src/data/shape.ts";
import { temporaryFolder } from "../support/folder.ts";
import { problems, writeOwnData } from "../support/own-data.ts";

const noFields = { question: null, answer: null, reference: null, image: null, family: null };

function written(text: string): string {
  const file = join(temporaryFolder(), "train.jsonl");
  writeFileSync(file, text);
  return file;
}

const found = (file: string, fields = {}) =>
  detect(file, "train.jsonl", "auto", { ...noFields, ...fields });

function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(DataInvalid);
    return (error as DataInvalid).message;
  }
  return "";
}

describe("detect", () => {
  it.each(shapeNames)("knows the shape %s", async (shape) => {
    const file = await writeOwnData(temporaryFolder(), shape, problems(2, 2));
    expect(found(file).shape).toBe(shape);
  });

  it("looks past broken lines", () => {
    expect(found(written('{"a"\n[]\n{"problem": "?"}\n')).shape).toBe("easyr1");
  });

  it("says which fields there are when it knows none", () => {
    const file = written('{"frage": "?", "bild": "a.png"}\n');
    expect(refusal(() => found(file))).toContain(
      'train.jsonl: has rows of no known shape (llava, swift, easyr1, trl): their fields are frage, bild; name yours with fields: { question: "frage", … }',
    );
    expect(found(file, { question: "frage" }).shape).toBeUndefined();
  });

  it("says that there is nothing", () => {
    expect(refusal(() => found(written("\n")))).toContain("has no row that is a JSON object");
    expect(refusal(() => found(join(temporaryFolder(), "absent")))).toContain(
      "there is no such file",
    );
    expect(refusal(() => found(temporaryFolder()))).toContain("EISDIR");
  });
});

it("gives rows and problems with file, line and field", () => {
  const row = '{"problem": "how many?", "answer": "8", "images": ["a.png"]}';
  const file = written(`${row}\n\n{"problem": "how many?", "answer": "8"}\nnonsense\n${row}`);
  const lines = [...readRows(file, "train.jsonl", found(file).layout)];
  expect(lines.map(({ line }) => line)).toEqual([1, 3, 4, 5]);
  expect(lines.map((line) => "row" in line)).toEqual([true, false, false, true]);
  const places = lines.flatMap((line) => ("problems" in line ? line.problems : []));
  expect(places.map(({ place }) => place)).toEqual(["train.jsonl:3:image", "train.jsonl:4"]);
});
