/** A suite's questions, read one at a time from its files, problems kept with their place. Evals layer. */
import { type DataProblem, placeOf } from "../data/data-invalid.ts";
import type { ImageFolder } from "../data/image-source.ts";
import { type RowFile, type RowRecord, readRecords, rowKind, told } from "../data/records.ts";
import { mmbenchColumns, mmbenchItem, mmstarColumns, mmstarItem } from "./choice-suites.ts";
import { type Fields, readFields } from "./fields.ts";
import { mathvistaColumns, mathvistaItem } from "./mathvista.ts";
import { popeColumns, popeItem } from "./pope.ts";
import { namesRow, sharedImages } from "./row-images.ts";
import type { Item, SuiteKind } from "./suite.ts";
import { vqaColumns, vqaItem } from "./vqa.ts";
import { type VqaPair, vqaPairRows } from "./vqa-pair.ts";

/** A suite, and where it is. */
export interface Suite {
  readonly kind: SuiteKind;
  /** As the user wrote it. */
  readonly place: string;
  readonly files: ReadonlyArray<RowFile>;
  /** Where paths of images begin, and that they may not lead out of it. */
  readonly images: ImageFolder;
  /** The files of VQA as its authors give them, in place of rows; the file is that of the questions. */
  readonly pair?: VqaPair;
}

/** A question, or what is wrong with its row. */
export type ItemLine = { readonly file: string; readonly line: number } & (
  | { readonly item: Item }
  | { readonly problems: ReadonlyArray<DataProblem> }
);

interface Layout {
  readonly columns: ReadonlyArray<string>;
  readonly read: (fields: Fields) => Item;
}

const layouts: Readonly<Record<SuiteKind, Layout>> = {
  mmbench: { columns: mmbenchColumns, read: mmbenchItem },
  mmstar: { columns: mmstarColumns, read: mmstarItem },
  mathvista: { columns: mathvistaColumns, read: mathvistaItem },
  pope: { columns: popeColumns, read: popeItem },
  vqa: { columns: vqaColumns, read: vqaItem },
};

/**
 * Every question of a suite, in the order of its files.
 *
 * Fails: `DataInvalid` when a file cannot be opened.
 * Memory: one row, or the columns that are read of one row group of Parquet.
 */
export async function* readItems(suite: Suite): AsyncGenerator<ItemLine> {
  const { columns, read } = layouts[suite.kind];
  for (const file of suite.files) {
    const records = suite.pair
      ? pairRecords(file, suite.pair)
      : readRecords(file, new Set(columns));
    const shared = rowKind(file.path) === "tabs" ? sharedImages(file.path) : undefined;
    for await (const record of records) {
      const { line } = record;
      const place = (field?: string) => placeOf(file.name, line, field);
      const invalid = (field: string | undefined, message: string): ItemLine => ({
        ...{ file: file.name, line },
        problems: [{ place: place(field), message }],
      });
      if (!("value" in record)) {
        yield invalid(record.field, record.problem);
        continue;
      }
      const value = shared === undefined ? record.value : withImage(record.value, shared);
      if (value === undefined) {
        yield invalid("image", "names a row that has no image of its own");
        continue;
      }
      const row = readFields(value, read);
      if ("found" in row) yield { file: file.name, line, item: row.found };
      else {
        const problems = row.problems.map(({ field, message }) => ({
          ...{ place: place(field), message },
        }));
        yield { file: file.name, line, problems };
      }
    }
  }
}

/** The row with the image of the row that it names; undefined when that one has none. */
function withImage(value: unknown, shared: (index: string) => string | undefined): unknown {
  const { image } = (value ?? {}) as { readonly image?: unknown };
  if (!namesRow(image)) return value;
  const found = shared(image);
  return found === undefined ? undefined : { ...(value as object), image: found };
}

async function* pairRecords(file: RowFile, pair: VqaPair): AsyncGenerator<RowRecord> {
  const rows = vqaPairRows(pair);
  for (;;) {
    const next = await told(file, async () => rows.next());
    if (next.done) return;
    yield next.value;
  }
}
