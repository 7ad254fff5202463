/** The suites that a command line names, and the files they are in. CLI. */
import { existsSync, statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { readDatasetFolder, type Splits } from "../../data/dataset-folder.ts";
import type { RowFile } from "../../data/records.ts";
import type { Suite } from "../../evals/read.ts";
import { type SuiteKind, suiteKinds } from "../../evals/suite.ts";
import { dataPath } from "../../stages/row-files.ts";

/** What a file of each kind ends in. */
const endings: Readonly<Record<SuiteKind, ReadonlyArray<string>>> = {
  mmbench: [".tsv", ".parquet"],
  mmstar: [".parquet"],
  mathvista: [".parquet"],
  pope: [".jsonl", ".json", ".parquet"],
  vqa: [".parquet", ".jsonl"],
};

/** Splits that have answers, the usual one first. */
const splits = ["testmini", "validation", "val", "test"];

/**
 * Reads `NAME=PATH[,IMAGES]`, for VQA also `vqa=QUESTIONS.json,ANNOTATIONS.json,IMAGES`; text is what is wrong with it.
 *
 * Fails: `DataInvalid` when PATH is a folder that is no data set.
 */
export function readSuite(given: string): Suite | string {
  const [, name, places] = /^([^=]*)=(.*)$/s.exec(given) ?? [];
  if (name === undefined) return `--suite takes NAME=PATH, got "${given}"`;
  if (!(suiteKinds as ReadonlyArray<string>).includes(name)) {
    return `--suite: there is no suite "${name}"; suites: ${suiteKinds.join(", ")}`;
  }
  const kind = name as SuiteKind;
  const parts = existsSync(places!) ? [places!] : places!.split(",");
  const missing = parts.find((part) => part === "" || !existsSync(dataPath(part)));
  if (missing === "") return `--suite: where is ${kind}? --suite ${kind}=PATH`;
  if (missing !== undefined) return `--suite: there is no file or folder ${missing}`;
  const [first, second, third, ...more] = parts as [string, ...Array<string>];
  if (more.length > 0 || (third !== undefined && !isPair(kind, first))) {
    return `--suite: ${kind} takes ${kind}=PATH or ${kind}=PATH,IMAGES, got ${parts.length} places`;
  }
  if (isPair(kind, first)) return pairOf(first, second, third);
  const images = second ?? (statSync(dataPath(first)).isDirectory() ? first : dirname(first));
  if (!statSync(dataPath(images)).isDirectory()) return `--suite: ${images} is no folder of images`;
  const files = filesOf(kind, first);
  if (typeof files === "string") return files;
  return { kind, place: first, files, images: { dir: dataPath(images), outside: false } };
}

const isPair = (kind: SuiteKind, path: string): boolean =>
  kind === "vqa" && extname(path).toLowerCase() === ".json";

function pairOf(questions: string, annotations?: string, images?: string): Suite | string {
  if (annotations === undefined || images === undefined) {
    return "--suite: the JSON files of VQA go as vqa=QUESTIONS.json,ANNOTATIONS.json,IMAGES";
  }
  if (!statSync(dataPath(images)).isDirectory()) return `--suite: ${images} is no folder of images`;
  const dir = dataPath(images);
  const pair = { questions: dataPath(questions), annotations: dataPath(annotations), images: dir };
  const files = [{ name: questions, path: pair.questions }];
  return { kind: "vqa", place: questions, files, images: { dir, outside: false }, pair };
}

function filesOf(kind: SuiteKind, place: string): ReadonlyArray<RowFile> | string {
  const path = dataPath(place);
  if (statSync(path).isDirectory()) return folderFiles(place, path);
  if (endings[kind].includes(extname(path).toLowerCase())) return [{ name: place, path }];
  return `--suite: ${kind} is read from ${endings[kind].join(" or ")}, got ${place}`;
}

function folderFiles(place: string, dir: string): ReadonlyArray<RowFile> | string {
  const found: Splits = readDatasetFolder(dir, place, null);
  const split =
    splits.find((one) => found.has(one)) ?? (found.size === 1 ? [...found.keys()][0] : undefined);
  if (split === undefined) {
    const names = [...found.keys()].join(", ");
    return `--suite: ${place} has the splits ${names}; name the file of the one that is meant`;
  }
  return found.get(split)!.map((file) => ({ name: `${place}/${file}`, path: join(dir, file) }));
}
