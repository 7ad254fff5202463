import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { columnsOf, parquetRows } from "../../../src/data/parquet/rows.ts";
import { temporaryFolder } from "../../support/folder.ts";

const golden = join(import.meta.dirname, "../../golden/parquet");
const file = (name: string) => join(golden, `${name}.parquet`);

async function all(path: string, wanted?: ReadonlySet<string>) {
  const rows: Array<Awaited<ReturnType<ReturnType<typeof parquetRows>["next"]>>["value"]> = [];
  for await (const row of parquetRows(path, wanted)) rows.push(row);
  return rows;
}

const valuesOf = async (path: string) =>
  (await all(path)).map((row) => ("value" in row ? row.value : row.problem));

describe("files that pyarrow wrote", () => {
  it.each(["none", "snappy", "gzip", "brotli", "zstd", "lz4", "v2", "crc"])(
    "%s: five rows, images in the layout of Hugging Face",
    async (name) => {
      const rows = await valuesOf(file(name));
      expect(rows).toHaveLength(5);
      rows.forEach((row, index) => {
        expect(row).toMatchObject({
          problem: `<image>how many ${index} ?`,
          answer: `${index}`,
          level: index % 3,
          images: [{ path: `${index}.png` }],
        });
        const [{ bytes }] = (row as { images: ReadonlyArray<{ bytes: Uint8Array }> }).images as [
          { bytes: Uint8Array },
        ];
        expect(Buffer.from(bytes).toString("latin1", 1, 4)).toBe("PNG");
        expect(bytes).toHaveLength(69);
      });
    },
  );

  it("have the values that JSON has: nulls, lists, flags, times, bytes", async () => {
    const [first, second, third] = await valuesOf(file("kinds"));
    expect(first).toMatchObject({
      date: "1970-01-01T00:00:00.001Z",
      x: [1.5, 2.5],
      b: true,
      d: ["a"],
    });
    expect(second).toMatchObject({ image: null, x: [], b: null, d: [null] });
    expect(third).toMatchObject({
      image: { bytes: null, path: "1.png" },
      x: null,
      b: false,
      d: null,
    });
    expect(first).toHaveProperty("messages.1.content", "<answer> 0 </answer>");
  });

  it("give the wanted columns alone", async () => {
    const rows = await all(file("snappy"), new Set(["answer", "absent"]));
    expect(rows.map((row) => "value" in row && row.value)).toEqual(
      Array.from({ length: 5 }, (_, index) => ({ answer: `${index}` })),
    );
    expect(columnsOf(file("snappy"))).toMatchObject({
      columns: ["problem", "answer", "level", "images"],
      rows: 5,
    });
  });
});

describe("damage", () => {
  const damagedAt = (name: string, at: number) => {
    const bytes = readFileSync(file(name));
    bytes[at]! ^= 0xff;
    const path = join(temporaryFolder(), "damaged.parquet");
    writeFileSync(path, bytes);
    return path;
  };

  it("of a page is seen by its checksum; other row groups are read on", async () => {
    expect(await valuesOf(damagedAt("crc", 60))).toEqual([
      expect.stringMatching(/^row group 1 \(rows 1 to 5\) is damaged: problem: .*checksum/),
    ]);
    const rows = await all(damagedAt("none", 5));
    expect(rows.map((row) => ["value" in row, row.number])).toEqual([
      [false, 1],
      ...[3, 4, 5].map((number) => [true, number]),
    ]);
  });

  it("of the end is told before any row", async () => {
    const bytes = readFileSync(file("none"));
    const path = join(temporaryFolder(), "torn.parquet");
    writeFileSync(path, bytes.subarray(0, 2000));
    await expect(all(path)).rejects.toThrow("is no Parquet file, or was cut off");
    writeFileSync(path, bytes.subarray(2600));
    await expect(all(path)).rejects.toThrow("has a damaged footer");
  });

  it("of letters is a problem of its row", async () => {
    const texts = ["a", "b\u00e9", "c"].map((text) => Buffer.from(text, "latin1"));
    const schema = [
      { name: "root", num_children: 1 },
      { name: "problem", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
    ] as const;
    const columnData = [{ name: "problem", data: texts.map((text) => new Uint8Array(text)) }];
    const path = join(temporaryFolder(), "letters.parquet");
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, schema: [...schema] })));
    expect((await all(path)).map((row) => ("value" in row ? row.value : row))).toEqual([
      { problem: "a" },
      { number: 2, share: 2 / 3, problem: "is not in UTF-8", field: "problem" },
      { problem: "c" },
    ]);
  });
});

it("100,000 rows come in their order, group by group", { timeout: 120_000 }, async () => {
  const count = 100_000;
  const data = Array.from({ length: count }, (_, index) => `question ${index}`);
  const path = join(temporaryFolder(), "long.parquet");
  const columnData = [{ name: "problem", data, type: "STRING" as const }];
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 5000 })));
  let seen = 0;
  for await (const row of parquetRows(path)) {
    if (!("value" in row) || row.value.problem !== data[seen] || row.number !== ++seen) {
      expect.unreachable(`row ${seen}`);
    }
  }
  expect(seen).toBe(count);
});
