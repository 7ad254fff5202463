import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { contentHash } from "../../src/runtime/code.ts";
import { isImagePath, namedImagesHash } from "../../src/runtime/named-images.ts";
import { temporaryFolder } from "../support/folder.ts";

it("knows images by their ending", () => {
  expect(["a.png", "b/c.JPEG"].every(isImagePath)).toBe(true);
  expect(["a.txt", "png", ""].some(isImagePath)).toBe(false);
});

it("changes with each image that a row names, and with no other file", () => {
  const dir = temporaryFolder();
  const file = join(dir, "train.jsonl");
  mkdirSync(join(dir, "images"));
  const image = (name: string) => join(dir, "images", name);
  for (const name of ["1.png", "ä.png", "other.png"]) writeFileSync(image(name), name);
  const rows = [{ image: "images/1.png" }, { images: [{ path: "images/absent.png" }] }];
  // A row as Python and PHP write it, with escapes.
  const escaped = '{"image": "images\\/\\u00e4.png"}';
  writeFileSync(file, `${rows.map((row) => JSON.stringify(row)).join("\n")}\n${escaped}\n`);
  const seen = [namedImagesHash(file), contentHash(file)];
  const now = () => [namedImagesHash(file), contentHash(file)];
  writeFileSync(image("other.png"), "changed");
  expect(now()).toEqual(seen);
  for (const change of [
    () => utimesSync(image("1.png"), 1, 1),
    () => writeFileSync(image("ä.png"), "longer than before"),
    () => writeFileSync(image("absent.png"), "new"),
    () => rmSync(image("1.png")),
  ]) {
    const before = now();
    change();
    expect(now()[0]).not.toBe(before[0]);
    expect(now()[1]).not.toBe(before[1]);
  }
});

it("counts with a JSON document that is named itself, not with one in a folder", () => {
  const dir = temporaryFolder();
  const file = join(dir, "train.json");
  writeFileSync(file, JSON.stringify([{ image: "1.png" }]));
  const now = () => [contentHash(file), contentHash(dir)];
  const [alone, within] = now();
  mkdirSync(join(dir, "1.png"));
  expect(now()).toEqual([alone, within]);
  rmSync(join(dir, "1.png"), { recursive: true });
  writeFileSync(join(dir, "1.png"), "new");
  expect(now()[0]).not.toBe(alone);
});

it("reads no further than a line that is no JSON", () => {
  const file = join(temporaryFolder(), "train.jsonl");
  writeFileSync(file, '"\\x.png" "unfinished.png\n');
  expect(namedImagesHash(file)).toMatch(/^[0-9a-f]{64}$/);
});
