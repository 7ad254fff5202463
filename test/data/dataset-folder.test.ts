import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataInvalid } from "../../src/data/data-invalid.ts";
import { readDatasetFolder } from "../../src/data/dataset-folder.ts";
import { temporaryFolder } from "../support/folder.ts";

function folderOf(files: ReadonlyArray<string>, readme?: string): string {
  const dir = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), "");
  }
  if (readme !== undefined) writeFileSync(join(dir, "README.md"), readme);
  return dir;
}

const splits = (dir: string, config: string | null = null) =>
  Object.fromEntries(readDatasetFolder(dir, "set", config));

function refusal(dir: string, config: string | null = null): string {
  try {
    readDatasetFolder(dir, "set", config);
  } catch (error) {
    expect(error).toBeInstanceOf(DataInvalid);
    return (error as DataInvalid).message;
  }
  return "";
}

describe("splits by name", () => {
  it.each([
    [
      [
        "data/train-00001-of-00002.parquet",
        "data/train-00000-of-00002.parquet",
        "data/test-00000-of-00001.parquet",
      ],
      {
        train: ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
        test: ["data/test-00000-of-00001.parquet"],
      },
    ],
    [
      ["train.jsonl", "dev.jsonl", "notes.txt"],
      { train: ["train.jsonl"], validation: ["dev.jsonl"] },
    ],
    [["metadata.jsonl", "1.png"], { train: ["metadata.jsonl"] }],
    [
      ["train/metadata.jsonl", "test/metadata.jsonl"],
      { train: ["train/metadata.jsonl"], test: ["test/metadata.jsonl"] },
    ],
    [["data/easy-00000-of-00001.parquet"], { easy: ["data/easy-00000-of-00001.parquet"] }],
    [[".git/train.jsonl", "trains.jsonl"], { train: ["trains.jsonl"] }],
  ])("of %j", (files, expected) => {
    expect(splits(folderOf(files))).toEqual(expected);
  });

  it("lists what is there when nothing fits", () => {
    expect(refusal(folderOf(["labels.csv", "scans/1.png", "scans/2.png"]))).toContain(
      "configs in README.md; found labels.csv, scans/ (2)",
    );
    expect(refusal(temporaryFolder())).toContain("found nothing");
    expect(refusal("absent")).toContain("there is no such folder");
    expect(refusal(folderOf(["train.jsonl"]), "en")).toContain("no configs in its README.md");
  });
});

const readme = `---
license: mit
dataset_info:
  features: &anchor
    - {name: problem, dtype: string}
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path:
      - "more/**/*.parquet"
- config_name: extra   # of a second kind
  data_files: extra/*.jsonl
---
# A set
`;
const files = ["data/train-0.parquet", "more/a/b/x.parquet", "more/y.parquet", "extra/z.jsonl"];

describe("configurations of README.md", () => {
  it("say which files belong to which split", () => {
    const dir = folderOf(files, readme);
    expect(splits(dir)).toEqual({
      train: ["data/train-0.parquet"],
      test: ["more/a/b/x.parquet", "more/y.parquet"],
    });
    expect(splits(dir, "extra")).toEqual({ train: ["extra/z.jsonl"] });
  });

  it("are refused with place or names when they do not fit", () => {
    expect(refusal(folderOf(files, readme), "fr")).toContain(
      "has no configuration fr; config: names one of default, extra",
    );
    expect(refusal(folderOf(files.slice(1), readme))).toContain(
      "lists data/train-* in README.md, but no such file",
    );
    const odd = readme.replace("path: data/train-*", "path: *alias");
    expect(refusal(folderOf(files, odd))).toContain("set/README.md:10: is not understood: *alias");
    const csv = readme.replace("extra/*.jsonl", "extra/*.csv");
    expect(refusal(folderOf([...files, "extra/a.csv"], csv), "extra")).toContain(
      "a.csv, which is neither",
    );
  });
});
