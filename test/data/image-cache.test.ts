import {
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packImage } from "../../src/data/gathered.ts";
import { openImageCache } from "../../src/data/image-cache.ts";
import { temporaryFolder } from "../support/folder.ts";

const bytes = new Uint8Array([1, 2, 3]);
const image = packImage({ width: 2, height: 1, data: new Uint8Array([9, 8, 7, 6, 5, 4]) });

const filesIn = (dir: string) =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

it("gives back what came from the same bytes at the same limit, and nothing else", () => {
  const dir = temporaryFolder();
  const cache = openImageCache(dir);
  expect(cache.get(bytes, 100)).toBeUndefined();
  cache.put(bytes, 100, image);
  const { packed, ...about } = openImageCache(dir).get(bytes, 100)!;
  expect({ ...about, packed: new Uint8Array(packed) }).toEqual({
    ...image,
    packed: new Uint8Array(image.packed),
  });
  expect(cache.get(bytes, 101)).toBeUndefined();
  expect(cache.get(new Uint8Array([1, 2]), 100)).toBeUndefined();
});

it("takes no torn and no changed file", () => {
  const dir = temporaryFolder();
  const cache = openImageCache(dir);
  cache.put(bytes, 100, image);
  const [file] = filesIn(dir);
  const whole = readFileSync(file!);
  for (const length of [0, 10, whole.length - 1]) {
    truncateSync(file!, length);
    expect(cache.get(bytes, 100)).toBeUndefined();
    writeFileSync(file!, whole);
  }
  const changed = Buffer.from(whole);
  changed[whole.length - 1]! ^= 1;
  writeFileSync(file!, changed);
  expect(cache.get(bytes, 100)).toBeUndefined();
  cache.put(bytes, 100, image);
  expect(cache.get(bytes, 100)).toBeDefined();
  expect(filesIn(dir)).toHaveLength(1);
});

it("loses an image, and nothing else, where it cannot write", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const cache = openImageCache(join(file, "images"));
  cache.put(bytes, 100, image);
  expect(cache.get(bytes, 100)).toBeUndefined();
});

it("lets go of what was not asked for longest", () => {
  const dir = temporaryFolder();
  const cache = openImageCache(dir);
  const sources = [1, 2, 3].map((value) => new Uint8Array([value]));
  for (const source of sources) cache.put(source, 100, image);
  for (const file of filesIn(dir)) utimesSync(file, 1, 1);
  expect(cache.get(sources[1]!, 100)).toBeDefined();
  cache.trim(statSync(filesIn(dir)[0]!).size);
  expect(sources.map((source) => cache.get(source, 100) !== undefined)).toEqual([
    false,
    true,
    false,
  ]);
});
