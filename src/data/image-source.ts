/** Where a row's image is, and its bytes: paths are held to their folder, sizes and kinds are checked. Data layer. */
import { lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { linkedWithin } from "../core/hub-name.ts";
import { brief } from "./turns.ts";

/** An image by the path a row gives, or by its bytes. */
export type ImageSource = { readonly path: string } | { readonly bytes: Uint8Array };

/** Which paths a file's rows may name. */
export interface ImageFolder {
  readonly dir: string;
  /** Paths may lead out of the folder. */
  readonly outside: boolean;
}

type Problem = { readonly problem: string };

/** Larger files are refused before they are decoded. */
const MAX_BYTES = 2 ** 26;
const MAX_PATH = 4096;

/** The images of a field: one value or a list of them. */
export function imageSources(value: unknown): ReadonlyArray<ImageSource> | Problem {
  const values = Array.isArray(value) && !isBytes(value) ? value : [value];
  const sources: Array<ImageSource> = [];
  for (const one of values) {
    const source = imageSource(one);
    if ("problem" in source) return source;
    sources.push(source);
  }
  return sources;
}

function imageSource(value: unknown): ImageSource | Problem {
  if (typeof value === "string") return fromText(value);
  if (isBytes(value)) return { bytes: bytesOf(value) };
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { bytes, data, path, image } = value as Readonly<Record<string, unknown>>;
    const held = bytes ?? data ?? image;
    if (typeof held === "string") return decodeBase64(held) ?? fromText(held);
    if (isBytes(held)) return { bytes: bytesOf(held) };
    // The form in which Node's buffers become JSON.
    if (typeof held === "object" && held !== null && "data" in held && isBytes(held.data)) {
      return { bytes: Uint8Array.from(held.data) };
    }
    if (held == null && typeof path === "string") return fromText(path);
  }
  return { problem: `is no image: neither path nor bytes nor base64, but ${brief(value)}` };
}

const bytesOf = (value: ReadonlyArray<number> | Uint8Array): Uint8Array =>
  value instanceof Uint8Array ? value : Uint8Array.from(value);

function isBytes(value: unknown): value is ReadonlyArray<number> | Uint8Array {
  if (value instanceof Uint8Array) return true;
  return (
    Array.isArray(value) &&
    value.length > 8 &&
    value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
  );
}

function fromText(text: string): ImageSource | Problem {
  if (/^data:/i.test(text)) return fromDataUri(text);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
    return { problem: `${brief(text)} is an address; download images first, they are not fetched` };
  }
  const bytes = text.length >= 32 ? decodeBase64(text) : undefined;
  if (bytes !== undefined && kindOf(bytes.bytes) !== undefined) return bytes;
  if (text === "" || text.length > MAX_PATH || text.includes("\0")) {
    return { problem: `is neither a path nor base64: ${brief(text)}` };
  }
  return { path: text };
}

function fromDataUri(text: string): ImageSource | Problem {
  const comma = text.indexOf(",");
  const head = text.slice(0, comma < 0 ? 40 : Math.min(comma, 200));
  if (comma < 0 || !/^data:image\/[\w.+-]+;base64$/i.test(head)) {
    return { problem: `is a data URI without base64 image: ${brief(head)}` };
  }
  return decodeBase64(text.slice(comma + 1)) ?? { problem: "has base64 that does not decode" };
}

/** Node decodes whatever it finds, so the alphabet is checked first. */
function decodeBase64(text: string): { readonly bytes: Uint8Array } | undefined {
  const compact = /\s/.test(text) ? text.replace(/\s+/g, "") : text;
  if (compact === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined;
  if (compact.replace(/=+$/, "").length % 4 === 1) return undefined;
  return { bytes: Buffer.from(compact, "base64") };
}

/**
 * The bytes of an image in one of the known kinds, or what is wrong with it.
 *
 * Memory: the whole file, at most 64 MiB.
 */
export function imageBytes(
  source: ImageSource,
  folder: ImageFolder,
): { readonly bytes: Uint8Array } | Problem {
  const read = "bytes" in source ? source : readPath(source.path, folder);
  if ("problem" in read) return read;
  if (read.bytes.length > MAX_BYTES) return { problem: `is larger than ${MAX_BYTES} bytes` };
  if (kindOf(read.bytes) === undefined) {
    return { problem: "is no image in PNG, JPEG, WebP, GIF, TIFF or AVIF" };
  }
  return read;
}

function readPath(path: string, { dir, outside }: ImageFolder) {
  const full = resolve(dir, path);
  try {
    lstatSync(full);
    // Links are followed before the comparison, or one of them could lead anywhere.
    const real = realpathSync(full);
    if (!outside && !isBelow(realpathSync(linkedWithin(dir) ?? dir), real)) {
      return {
        problem: `${brief(path)} leads out of ${dir}; the option outside allows it`,
      };
    }
    const stat = statSync(real);
    if (!stat.isFile()) return { problem: `${brief(path)} is not a file` };
    if (stat.size > MAX_BYTES)
      return { problem: `${brief(path)} is larger than ${MAX_BYTES} bytes` };
    return { bytes: readFileSync(real) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" || code === "ENOTDIR" ? "there is no file" : `${code} at`;
    return { problem: `${reason} ${brief(path)} in ${dir}` };
  }
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Raster kinds by their first bytes; drawings (SVG, PDF) could refer to other files. */
function kindOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (head.startsWith("\xff\xd8\xff")) return "jpeg";
  if (/^GIF8[79]a/.test(head)) return "gif";
  if (/^RIFF[\s\S]{4}WEBP/.test(head)) return "webp";
  if (/^(II\*\0|MM\0\*)/.test(head)) return "tiff";
  if (/^[\s\S]{4}ftypavi[fs]/.test(head)) return "avif";
  return undefined;
}
