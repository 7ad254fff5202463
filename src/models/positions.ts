/** Positions of tokens, turned into rotation angles on the host. Models layer. */
import type { TextConfig } from "./config.ts";

/** One position for each of time, height and width. */
export type Position = readonly [number, number, number];

/**
 * Rotation angles of text positions: frequency i turns by the axis whose section holds i.
 *
 * @returns [position, headDim / 2] radians, row-major
 */
export function textAngles(positions: ReadonlyArray<Position>, config: TextConfig): Float64Array {
  const half = config.headDim / 2;
  const [time, height] = config.mropeSection;
  const axisOf = (i: number) => (i < time ? 0 : i < time + height ? 1 : 2);
  const frequencies = Float64Array.from(
    { length: half },
    (_, i) => config.ropeTheta ** (-i / half),
  );
  const angles = new Float64Array(positions.length * half);
  positions.forEach((position, row) => {
    for (let i = 0; i < half; i++) {
      angles[row * half + i] = position[axisOf(i)]! * frequencies[i]!;
    }
  });
  return angles;
}
