/** Pages of Parquet files unpacked, never to more than their header says. Data layer. */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  decompressLz4,
  decompressLz4Raw,
  decompressSnappy,
  decompressZstd,
} from "hyparquet-compressors";

type Unpack = (packed: Uint8Array, size: number) => Uint8Array;

const codecs: Readonly<Record<string, Unpack>> = {
  UNCOMPRESSED: (packed) => packed,
  SNAPPY: (packed, size) => decompressSnappy(packed, size),
  GZIP: (packed, size) => plain(gunzipSync(packed, { maxOutputLength: Math.max(1, size) })),
  BROTLI: (packed, size) =>
    plain(brotliDecompressSync(packed, { maxOutputLength: Math.max(1, size) })),
  ZSTD: unpackZstd,
  LZ4: (packed, size) => decompressLz4(packed, size),
  LZ4_RAW: (packed, size) => decompressLz4Raw(packed, size),
};

/** Names of compressions that can be read. */
export const codecNames = Object.keys(codecs);

/** Largest window that a page's frame may ask for. */
const MAX_WINDOW_LOG = 27;
const MARK = Uint8Array.of(0x9b, 0x41, 0xe7, 0x0d, 0x52, 0xc8, 0x36, 0xf1);

/** The decoder checks neither the window it makes room for nor how much it wrote. */
function unpackZstd(packed: Uint8Array, size: number): Uint8Array {
  const oneSegment = ((packed[4] ?? 0) & 32) !== 0;
  if (!oneSegment && 10 + ((packed[5] ?? 0) >> 3) > MAX_WINDOW_LOG) {
    throw new RangeError("a page asks for too much memory");
  }
  const room = new Uint8Array(size + MARK.length);
  const [from, marked] = [Math.max(0, size - MARK.length), MARK.subarray(-Math.min(size, 8))];
  room.set(marked, from);
  room.set(MARK, size);
  const page = decompressZstd(packed, room);
  const still = (at: number, mark: Uint8Array) => mark.every((byte, i) => page[at + i] === byte);
  if (page.length !== room.length || !still(size, MARK) || (size >= 8 && still(from, marked))) {
    throw new RangeError("a page has not the size that its header says");
  }
  return page.subarray(0, size);
}

/** Node's buffers may share their memory with others; decoders align by it. */
const plain = (bytes: Uint8Array) => Uint8Array.from(bytes);

/**
 * The page's bytes.
 *
 * Fails: throws when they cannot be unpacked or are not `size` in number.
 */
export function unpackPage(codec: string, packed: Uint8Array, size: number): Uint8Array {
  if (size === 0 && packed.length === 0) return packed;
  const page = codecs[codec]!(packed, size);
  if (page.length === size) return page;
  throw new RangeError(`a page has ${page.length} bytes, its header says ${size}`);
}
