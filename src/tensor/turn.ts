/** Turns matrices between the layout of files, [out, in], and that of the device, [in, out], on the host. Serves `models`. */

/** See `turnInto`. */
export type Turn = (
  from: Float32Array,
  rows: number,
  depth: number,
  to: Float32Array,
  width: number,
  offset: number,
) => void;

let fast: Turn | undefined;

/** Has matrices turned by the native library from now on, which takes a third of the time. */
export function turnNatively(turn: Turn): void {
  fast = turn;
}

/** Writes a [rows, depth] matrix into columns `offset…` of a [depth, width] one. */
export const turnInto: Turn = (from, rows, depth, to, width, offset) =>
  (fast ?? turnPortably)(from, rows, depth, to, width, offset);

/** Rows and columns that a matrix is turned by: what is read and what is written stay in the processor's cache. */
const TILE = { rows: 128, columns: 16 };

/** `turnInto` where there is no native library. */
export const turnPortably: Turn = (from, rows, depth, to, width, offset) => {
  for (let top = 0; top < rows; top += TILE.rows) {
    const bottom = Math.min(rows, top + TILE.rows);
    for (let left = 0; left < depth; left += TILE.columns) {
      const right = Math.min(depth, left + TILE.columns);
      for (let i = left; i < right; i++) {
        copyColumn(from, top * depth + i, depth, to, i * width + offset + top, bottom - top);
      }
    }
  }
};

/** Copies `count` values, `stride` apart, to a row; four at a time, which halves what the loop itself costs. */
function copyColumn(
  from: Float32Array,
  first: number,
  stride: number,
  to: Float32Array,
  start: number,
  count: number,
): void {
  let [source, target] = [first, start];
  for (const whole = start + count - (count % 4); target < whole; target += 4) {
    to[target] = from[source]!;
    to[target + 1] = from[source + stride]!;
    to[target + 2] = from[source + 2 * stride]!;
    to[target + 3] = from[source + 3 * stride]!;
    source += 4 * stride;
  }
  for (; target < start + count; target++) {
    to[target] = from[source]!;
    source += stride;
  }
}
