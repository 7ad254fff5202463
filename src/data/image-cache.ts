/** Images that were decoded and shrunk before, kept on the disk by the content they came from. Data layer. */
import { createHash, randomBytes } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { PackedImage } from "./gathered.ts";

/** A folder of images, shared by all runs of a user. */
export interface ImageCache {
  /** The image that came from `bytes` at this size limit; undefined when it is not there or damaged. */
  readonly get: (bytes: Uint8Array, maxPixels: number) => PackedImage | undefined;
  /** Keeps an image; a full disk loses it and nothing else. */
  readonly put: (bytes: Uint8Array, maxPixels: number, image: PackedImage) => void;
  /** Deletes what was not asked for longest, until no more than `most` bytes are left. */
  readonly trim: (most: number) => void;
}

/** Raised when decoding or shrinking gives other pixels. */
const FORMAT = 1;
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** Opens the folder; it need not exist. Memory: one image. */
export function openImageCache(dir: string): ImageCache {
  const fileOf = (bytes: Uint8Array, maxPixels: number): string => {
    const key = sha256(`${FORMAT} ${maxPixels} ${sha256(bytes)}`);
    return join(dir, key.slice(0, 2), key.slice(2));
  };
  return {
    get: (bytes, maxPixels) => read(fileOf(bytes, maxPixels)),
    put: (bytes, maxPixels, image) => write(fileOf(bytes, maxPixels), image),
    trim: (most) => trim(dir, most),
  };
}

/** The first line says what follows, and its hash: a torn file is not taken for an image. */
function read(file: string): PackedImage | undefined {
  try {
    const content = readFileSync(file);
    const end = content.indexOf(10);
    const { hash, ...image } = JSON.parse(content.subarray(0, end).toString("utf8"));
    const packed = content.subarray(end + 1);
    if (sha256(`${image.name} ${sha256(packed)}`) !== hash) return undefined;
    const now = new Date();
    utimesSync(file, now, now);
    return { ...image, packed };
  } catch {
    return undefined;
  }
}

/** Written aside and moved into place, so that writers at the same time do not meet. */
function write(file: string, { packed, ...image }: PackedImage): void {
  const aside = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const head = JSON.stringify({ ...image, hash: sha256(`${image.name} ${sha256(packed)}`) });
    writeFileSync(aside, Buffer.concat([Buffer.from(`${head}\n`), packed]));
    renameSync(aside, file);
  } catch {
    discard(aside);
  }
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Where not even the folder can be, there is nothing to delete.
  }
}

/** Leftovers of killed writers are old by the time they count. */
function trim(dir: string, most: number): void {
  const files = listing(dir).sort((one, other) => other.time - one.time);
  let kept = 0;
  for (const { path, bytes } of files) {
    kept += bytes;
    if (kept > most) discard(path);
  }
}

function listing(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true, recursive: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const stat = entry.isFile() ? statSync(path, { throwIfNoEntry: false }) : undefined;
      return stat === undefined ? [] : [{ path, bytes: stat.size, time: stat.mtimeMs }];
    });
  } catch {
    return [];
  }
}
