import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { documentRows } from "../../src/data/json-document.ts";
import { readRecords } from "../../src/data/records.ts";
import { temporaryFolder } from "../support/folder.ts";

function written(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), "rows.json");
  writeFileSync(path, content);
  return path;
}

const rowsOf = (document: unknown) => [...documentRows(written(JSON.stringify(document)))];

it("reads a list as rows", () => {
  expect(rowsOf([{ a: 1 }, 2])).toEqual([
    { number: 1, share: 0.5, value: { a: 1 } },
    { number: 2, share: 1, value: 2 },
  ]);
  expect(rowsOf([])).toEqual([]);
});

it("gives each annotation of COCO the fields of its image, and keeps its own", () => {
  const images = [{ id: 139, file_name: "000000000139.jpg", width: 640 }];
  const annotations = [
    { id: 1, image_id: 139, caption: "A room." },
    { id: 2, image_id: 140, caption: "A bear." },
    "nonsense",
  ];
  expect(rowsOf({ info: {}, images, annotations })).toMatchObject([
    {
      number: 1,
      value: { id: 1, caption: "A room.", file_name: "000000000139.jpg", width: 640 },
    },
    { number: 2, field: "image_id", problem: "names no image of the file: 140" },
    { number: 3, value: "nonsense" },
  ]);
});

it("refuses what it cannot read as a whole, in words", () => {
  const reason = (content: string | Uint8Array) => () => [...documentRows(written(content))];
  expect(reason('{"train": [], "val": []}')).toThrow(
    /^holds neither a list of rows nor COCO's lists images and annotations, but an object with the fields \["train","val"\]$/,
  );
  expect(reason("7")).toThrow("but 7");
  expect(reason('[{"a": 1}')).toThrow("is not valid JSON");
  expect(reason("[".repeat(40) + "]".repeat(40))).toThrow("is nested more than 32 levels deep");
  expect(reason(Buffer.from('["\xe9"]', "latin1"))).toThrow("is not in UTF-8");
  const long = written("[]");
  truncateSync(long, 2 ** 28 + 1);
  expect(() => [...documentRows(long)]).toThrow("is larger than 256 MiB; write it as .jsonl");
});

describe("a file called .json", () => {
  const recordsOf = async (text: string) => {
    const path = join(temporaryFolder(), "rows.json");
    writeFileSync(path, text);
    const found: Array<unknown> = [];
    for await (const record of readRecords({ path, name: "rows.json" })) {
      found.push("value" in record ? record.value : record.problem);
    }
    return found;
  };

  it("is read as lines where each holds an object, as POPE's are", async () => {
    expect(await recordsOf('{"a": 1}\n{"a": 2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await recordsOf('{"a": 1}\n\n{"b": "é"}')).toEqual([{ a: 1 }, { b: "é" }]);
  });

  it("is a document otherwise", async () => {
    expect(await recordsOf('[\n{"a": 1},\n{"a": 2}\n]\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await recordsOf('[{"a": 1}]')).toEqual([{ a: 1 }]);
    await expect(recordsOf('{"a": 1}\n')).rejects.toThrow(/neither a list of rows nor COCO's/);
  });
});
