/** Parquet files that nobody vouches for: thousands of damaged ones are read soundly or refused in words. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { parquetRows } from "../../src/data/parquet/rows.ts";
import { damagedBytes } from "../support/damage.ts";
import { temporaryFolder } from "../support/folder.ts";

const golden = join(import.meta.dirname, "../golden/parquet");
const names = ["none", "snappy", "gzip", "brotli", "zstd", "lz4", "v2", "crc", "kinds"];
const originals = names.map((name) => readFileSync(join(golden, `${name}.parquet`)));
const ROUNDS = 10_000;
const MOST_ROWS = 2 ** 20;

/** Rows that were given whole; a damaged group is one problem. */
async function read(path: string) {
  const rows: Array<Readonly<Record<string, unknown>>> = [];
  let problems = 0;
  let last = 0;
  for await (const row of parquetRows(path)) {
    expect(row.number).toBeGreaterThan(last);
    last = row.number;
    if ("value" in row) rows.push(row.value);
    else {
      expect(row.problem).toMatch(/\S/);
      problems++;
    }
    expect(last).toBeLessThan(MOST_ROWS);
  }
  return { rows, problems };
}

it("damaged Parquet is read soundly or refused in words", { timeout: 600_000 }, async () => {
  const random = stream(1, "damaged", "parquet");
  const path = join(temporaryFolder(), "damaged.parquet");
  let [refused, partly, whole] = [0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const original = random.pick(originals);
    writeFileSync(path, damagedBytes(original, random));
    try {
      const { rows, problems } = await read(path);
      if (problems > 0) partly++;
      else whole++;
      for (const row of rows) {
        const names = Object.keys(row);
        expect(names.length).toBeGreaterThan(0);
        expect(names.length).toBeLessThan(20);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toMatch(/\S/);
      refused++;
    }
  }
  // Some damage hits what nothing guards: letters of a text, bytes between pages.
  expect(refused).toBeGreaterThan(ROUNDS / 10);
  expect(partly).toBeGreaterThan(ROUNDS / 10);
  expect(whole).toBeGreaterThan(ROUNDS / 100);
});
