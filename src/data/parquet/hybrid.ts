/** Parquet's mix of runs and packed bits, walked before it is decoded: a damaged run length must not fill the memory. Data layer. */

/** A stretch of bytes that holds `count` numbers of `width` bits. */
export interface Hybrid {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly width: number;
  readonly count: number;
}

/** Packed groups of eight that writers may add at the end of a run. */
const SPARE = 512;
const MAX_WIDTH = 24;

/**
 * Shows each number with how often it comes in a row.
 *
 * Fails: throws `RangeError` when the bytes do not give exactly `count` numbers.
 */
export function walkHybrid(
  { bytes, start, end, width, count }: Hybrid,
  see: (value: number, times: number) => void,
): void {
  if (width > MAX_WIDTH) throw new RangeError(`numbers of ${width} bits`);
  if (end > bytes.length) throw new RangeError("a run of values ends too early");
  let [at, seen] = [start, 0];
  while (seen < count) {
    const head = varint(bytes, at, end);
    at = head.end;
    const left = count - seen;
    if (head.value % 2 === 0) {
      const times = head.value / 2;
      const size = (width + 7) >> 3;
      if (times === 0 || times > left) throw new RangeError("a run of values has an odd length");
      if (at + size > end) throw new RangeError("a run of values ends too early");
      let value = 0;
      for (let byte = 0; byte < size; byte++) value |= bytes[at + byte]! << (8 * byte);
      at += size;
      see(value, times);
      seen += times;
    } else {
      const groups = (head.value - 1) / 2;
      const numbers = Math.min(left, groups * 8);
      if (groups === 0 || groups * 8 > left + SPARE)
        throw new RangeError("a run of values has an odd length");
      if (at + groups * width > end) throw new RangeError("a run of values ends too early");
      unpack(bytes, at, width, numbers, see);
      at += groups * width;
      seen += numbers;
    }
  }
}

function unpack(
  bytes: Uint8Array,
  start: number,
  width: number,
  count: number,
  see: (value: number, times: number) => void,
): void {
  const mask = 2 ** width - 1;
  let [data, bits, at] = [0, 0, start];
  for (let index = 0; index < count; index++) {
    while (bits < width) {
      data |= bytes[at++]! << bits;
      bits += 8;
    }
    see(data & mask, 1);
    data >>>= width;
    bits -= width;
  }
}

function varint(bytes: Uint8Array, start: number, end: number) {
  let value = 0;
  for (let at = start; at < Math.min(end, start + 5); at++) {
    value += (bytes[at]! & 127) * 2 ** (7 * (at - start));
    if (bytes[at]! < 128) return { value, end: at + 1 };
  }
  throw new RangeError("a run of values has an odd length");
}
