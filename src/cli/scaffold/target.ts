/** The rows that a command line names: a file, a folder in Hugging Face layout, or a name on the Hub. CLI. */
import { statSync } from "node:fs";
import * as Schema from "effect/Schema";
import { readDatasetFolder } from "../../data/dataset-folder.ts";
import type { RowFile } from "../../data/records.ts";
import { DatasetFolder, sourceKind } from "../../dsl/file-sources.ts";
import { dataPath, rowFiles } from "../../stages/row-files.ts";

/** What is looked at. */
export interface Target {
  /** As the user wrote it. */
  readonly name: string;
  /** The option of `data` that takes it. */
  readonly kind: ReturnType<typeof sourceKind>;
  /** Files of the rows to learn from. */
  readonly files: ReadonlyArray<RowFile>;
  /** Splits of a folder with the number of their files. */
  readonly splits: Readonly<Record<string, number>>;
}

/**
 * Finds the files of a name.
 *
 * Fails: `DataInvalid` when a folder is no data set.
 */
export function targetOf(name: string): Target {
  const path = dataPath(name);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const kind = isFolder ? "folder" : sourceKind(name);
  if (!isFolder)
    return { name, kind: kind === "folder" ? "jsonl" : kind, files: [{ name, path }], splits: {} };
  const source = Schema.decodeUnknownSync(DatasetFolder)({ folder: name });
  const splits = [...readDatasetFolder(path, name, null)].map(([split, files]) => [
    split,
    files.length,
  ]);
  const files = rowFiles(source).files.filter(({ part }) => part === undefined);
  return { name, kind, files, splits: Object.fromEntries(splits) };
}
