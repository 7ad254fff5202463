/** Which files the rows of a source are in, and which part each belongs to. Serves the data stage. */
import { join } from "node:path";
import { localPath } from "../core/hub-name.ts";
import { DataInvalid } from "../data/data-invalid.ts";
import { readDatasetFolder, type Splits } from "../data/dataset-folder.ts";
import type { Split } from "../data/example.ts";
import type { RowFile } from "../data/records.ts";
import type { SplitRule } from "../data/split.ts";
import { dataPlace, type FileSource, labelOf, placesOf } from "../dsl/file-sources.ts";

/** One of the files of a source; `part` is where its rows go, undefined where content decides. */
export interface SourceFile extends RowFile {
  readonly part: Split | undefined;
}

/** Files in their order, and the shares of those rows whose part content decides. */
export interface RowFiles extends Pick<SplitRule, "validation" | "test"> {
  readonly files: ReadonlyArray<SourceFile>;
}

/** The path that a place of data means on this machine. */
export const dataPath = (place: string): string => localPath(dataPlace(place));

const fileOf = (name: string, part?: Split): SourceFile => ({ name, path: dataPath(name), part });

/**
 * The files of a source.
 *
 * Fails: throws `DataInvalid` when a folder is no data set, with what it holds.
 */
export function rowFiles(source: FileSource): RowFiles {
  if ("folder" in source) return folderFiles(source);
  const { test, validation } = source;
  const own = (held: string | number, part: Split) =>
    typeof held === "string" ? [fileOf(held, part)] : [];
  const share = (held: string | number) => (typeof held === "string" ? 0 : held);
  const files = placesOf(source).map((name) => fileOf(name));
  return {
    files: [...files, ...own(test, "test"), ...own(validation, "validation")],
    ...{ test: share(test), validation: share(validation) },
  };
}

const USUAL = 0.1;

function folderFiles(source: Extract<FileSource, { readonly folder: string }>): RowFiles {
  const [name, dir] = [labelOf(source), dataPath(labelOf(source))];
  const splits = readDatasetFolder(dir, name, source.config);
  const filesOf = (split: string, part?: Split): ReadonlyArray<SourceFile> => {
    const paths = splits.get(split);
    if (paths === undefined) throw noSplit(name, split, splits);
    return paths.map((path) => ({ path: join(dir, path), name: `${name}/${path}`, part }));
  };
  const held = (asked: string | number | null, part: "test" | "validation") => {
    if (typeof asked === "number") return { files: [], share: asked };
    const there = splits.has(part) && part !== source.split;
    const split = asked ?? (there ? part : undefined);
    return split === undefined
      ? { files: [], share: USUAL }
      : { files: filesOf(split, part), share: 0 };
  };
  const [test, validation] = [held(source.test, "test"), held(source.validation, "validation")];
  return {
    files: [...filesOf(source.split), ...test.files, ...validation.files],
    ...{ test: test.share, validation: validation.share },
  };
}

function noSplit(name: string, split: string, splits: Splits): DataInvalid {
  const found = [...splits].map(([one, files]) => `${one} (${files.length} files)`).join(", ");
  const message = `has no split ${split}; its splits are ${found.replaceAll("(1 files)", "(1 file)")}`;
  return new DataInvalid({ file: name, problems: [{ place: name, message }] });
}
