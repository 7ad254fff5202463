import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSuite } from "../../../src/cli/suites/source.ts";
import { temporaryFolder } from "../../support/folder.ts";

function folderOf(...files: ReadonlyArray<string>): string {
  const dir = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(dir, file, ".."), { recursive: true });
    writeFileSync(join(dir, file), "");
  }
  return dir;
}

const filesOf = (given: string) => {
  const suite = readSuite(given);
  return typeof suite === "string" ? suite : suite.files.map(({ path }) => path);
};

describe("readSuite", () => {
  it("takes a file, with the folder of its images", () => {
    const dir = folderOf("pope.jsonl", "images/1.png");
    const [file, images] = [join(dir, "pope.jsonl"), join(dir, "images")];
    expect(readSuite(`pope=${file}`)).toMatchObject({ images: { dir, outside: false } });
    expect(readSuite(`pope=${file},${images}`)).toMatchObject({
      ...{ kind: "pope", files: [{ path: file, name: file }], images: { dir: images } },
    });
  });

  it("takes the split with answers of a folder", () => {
    const shards = ["data/testmini-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"];
    const dir = folderOf(...shards, "data/test-00001-of-00001.parquet");
    expect(filesOf(`mathvista=${dir}`)).toEqual([join(dir, shards[0]!)]);
    const odd = folderOf("a-00000-of-00001.parquet", "b-00000-of-00001.parquet");
    expect(filesOf(`vqa=${odd}`)).toMatch(/has the splits a, b; name the file/);
    const one = folderOf("mmstar.parquet");
    expect(filesOf(`mmstar=${one}`)).toEqual([join(one, "mmstar.parquet")]);
  });

  it("takes the three places of VQA as its authors give it", () => {
    const dir = folderOf("q.json", "a.json", "images/1.jpg");
    const [questions, annotations] = [join(dir, "q.json"), join(dir, "a.json")];
    const images = join(dir, "images");
    expect(readSuite(`vqa=${questions},${annotations},${images}`)).toMatchObject({
      ...{ kind: "vqa", pair: { questions, annotations, images }, images: { dir: images } },
    });
    expect(readSuite(`vqa=${questions},${annotations}`)).toMatch(/vqa=QUESTIONS\.json,ANN/);
  });

  it("answers what is wrong with a sentence", () => {
    const dir = folderOf("a.csv", "a.tsv", "b.tsv", "c.tsv");
    const file = (name: string) => join(dir, name);
    expect(readSuite("mmbench")).toMatch(/takes NAME=PATH, got "mmbench"/);
    expect(readSuite(`mmmu=${file("a.tsv")}`)).toMatch(/no suite "mmmu"; suites: mmbench, mmstar/);
    expect(readSuite("mmbench=")).toMatch(/where is mmbench\?/);
    expect(readSuite("mmbench=none.tsv")).toMatch(/no file or folder none\.tsv/);
    expect(readSuite(`mmbench=${file("a.csv")}`)).toMatch(/is read from \.tsv or \.parquet, got/);
    expect(readSuite(`mmbench=${file("a.tsv")},${file("b.tsv")}`)).toMatch(
      /is no folder of images/,
    );
    const three = [file("a.tsv"), dir, dir].join(",");
    expect(readSuite(`mmbench=${three}`)).toMatch(/got 3 places/);
  });
});
