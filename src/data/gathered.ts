/** Examples read from files once and kept in a folder: texts in one file, decoded images in another, read when needed. Data layer. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import { type Place, readLines } from "../core/lines.ts";
import type { Raster } from "../core/raster.ts";
import type { Dataset, Example, Split } from "./example.ts";

/** Where the pixels of an image are within the file of all images. */
export interface StoredImage {
  /** First twelve hexadecimal digits of the pixels' SHA-256, with width and height. */
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
}

/** One example on the disk; `place` is the file and line it came from. */
export interface StoredRow {
  readonly id: string;
  readonly family: string;
  readonly question: string;
  readonly answer: string;
  readonly reference?: string;
  readonly place: string;
  readonly image: StoredImage;
}

const ROWS = "examples.jsonl";
const IMAGES = "images.bin";
const PARTS = "parts.json";

/** An image's pixels as the file of all images holds them. */
export interface PackedImage extends Pick<StoredImage, "name" | "width" | "height"> {
  readonly packed: Uint8Array;
}

/** Packs an image's pixels. */
export function packImage({ width, height, data }: Raster): PackedImage {
  const hash = createHash("sha256").update(data).digest("hex").slice(0, 12);
  const name = `${hash}-${width}x${height}`;
  return { name, width, height, packed: deflateSync(data, { level: 1 }) };
}

/** Writes examples into an empty folder, one after the other. */
export interface Gatherer {
  /** Keeps an image once, however often it comes. */
  readonly image: (image: PackedImage) => StoredImage;
  readonly row: (row: StoredRow) => void;
  /** Says which part each row belongs to, null for none; nothing can be read before. */
  readonly finish: (parts: ReadonlyArray<Split | null>) => void;
  /** Closes the files; may come without `finish`. */
  readonly close: () => void;
}

/** Opens a folder for writing. Memory: names and places of images, not their pixels. */
export function gatherInto(dir: string): Gatherer {
  const [rows, images] = [ROWS, IMAGES].map((name) => openSync(join(dir, name), "w"));
  const known = new Map<string, StoredImage>();
  let end = 0;
  return {
    image: ({ name, width, height, packed }) => {
      const earlier = known.get(name);
      if (earlier !== undefined) return earlier;
      writeWhole(images!, packed);
      const stored = { name, offset: end, bytes: packed.length, width, height };
      end += packed.length;
      known.set(name, stored);
      return stored;
    },
    row: (row) => writeWhole(rows!, Buffer.from(`${JSON.stringify(row)}\n`)),
    finish: (parts) => writeFileSync(join(dir, PARTS), JSON.stringify(parts)),
    close: () => {
      closeSync(rows!);
      closeSync(images!);
    },
  };
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** Examples of a folder, ready for use. */
export interface Gathered {
  readonly parts: Dataset;
  /** Training examples with a worked reference. */
  readonly worked: ReadonlyArray<Example>;
}

/**
 * The examples of a folder in their parts.
 *
 * @param inspect sees each row on the way
 * Memory: about 300 bytes an example; texts and pixels are read from the disk when they are asked for.
 */
export function readGathered(dir: string, inspect?: (row: StoredRow) => void): Gathered {
  const partOf = JSON.parse(readFileSync(join(dir, PARTS), "utf8")) as ReadonlyArray<Split | null>;
  const parts: Record<Split, Array<Example>> = { train: [], validation: [], test: [] };
  const worked: Array<Example> = [];
  let index = 0;
  for (const line of readLines(join(dir, ROWS))) {
    const row = JSON.parse((line as { text: string }).text) as StoredRow;
    const part = partOf[index++];
    if (part == null) continue;
    inspect?.(row);
    const example = new StoredExample(dir, row, line);
    parts[part].push(example);
    if (part === "train" && row.reference !== undefined) worked.push(example);
  }
  return { parts, worked };
}

/** An example whose texts and pixels stay on the disk. */
class StoredExample implements Example {
  readonly id: string;
  readonly family: string;
  readonly #dir: string;
  readonly #place: Place;

  constructor(dir: string, { id, family }: StoredRow, { offset, bytes }: Place) {
    this.id = id;
    this.family = family;
    this.#dir = dir;
    this.#place = { offset, bytes };
  }

  get question(): string {
    return this.#row().question;
  }
  get answer(): string {
    return this.#row().answer;
  }
  get reference(): string | undefined {
    return this.#row().reference;
  }
  get image(): Raster {
    const { offset, bytes, width, height } = this.#row().image;
    const packed = readPlace(join(this.#dir, IMAGES), { offset, bytes });
    return { width, height, data: new Uint8Array(inflateSync(packed)) };
  }

  #row(): StoredRow {
    return JSON.parse(readPlace(join(this.#dir, ROWS), this.#place).toString("utf8"));
  }
}

function readPlace(path: string, { offset, bytes }: Place): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes; ) {
      const size = readSync(file, buffer, done, bytes - done, offset + done);
      if (size === 0) throw new RangeError(`${path} ends before ${offset + bytes}`);
      done += size;
    }
    return buffer;
  } finally {
    closeSync(file);
  }
}
