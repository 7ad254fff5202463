/** Positions in text and image grids, turned into rotation angles on the host. Models layer. */
import type { TextConfig, VisionConfig } from "../../config.ts";

/** Patches of one image as [time, height, width]. */
export type Grid = readonly [number, number, number];

/** One position for each of time, height and width. */
export type Position = readonly [number, number, number];

/**
 * M-RoPE positions of a prompt: text counts on in all three axes; an image's tokens share a start
 * and spread over height and width; the text after it goes on at the largest position plus one.
 *
 * @param ids token ids, image placeholders expanded
 * @param grids the images in order
 * @returns one position a token
 * Source: transformers `Qwen2_5_VLModel.get_rope_index`, still images.
 */
export function promptPositions(
  ids: ReadonlyArray<number>,
  grids: ReadonlyArray<Grid>,
  imageToken: number,
  mergeSize: number,
): Array<Position> {
  const positions: Array<Position> = [];
  let next = 0;
  let image = 0;
  for (let index = 0; index < ids.length; ) {
    if (ids[index] !== imageToken || image >= grids.length) {
      positions.push([next, next, next]);
      next++;
      index++;
      continue;
    }
    const [frames, height, width] = grids[image++]!;
    const [rows, columns] = [height / mergeSize, width / mergeSize];
    for (let frame = 0; frame < frames; frame++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          positions.push([next, next + row, next + column]);
        }
      }
    }
    index += frames * rows * columns;
    next += Math.max(rows, columns);
  }
  return positions;
}

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

const VISION_THETA = 10_000;

/**
 * Height and width of each patch of an image, in the processor's order: merge blocks row by row,
 * patches row by row inside a block.
 */
export function patchCoordinates(grid: Grid, mergeSize: number): Array<readonly [number, number]> {
  const [frames, height, width] = grid;
  const coordinates: Array<readonly [number, number]> = [];
  for (let frame = 0; frame < frames; frame++) {
    for (let row = 0; row < height; row += mergeSize) {
      for (let column = 0; column < width; column += mergeSize) {
        for (let i = 0; i < mergeSize * mergeSize; i++) {
          coordinates.push([row + Math.floor(i / mergeSize), column + (i % mergeSize)]);
        }
      }
    }
  }
  return coordinates;
}

/**
 * Rotation angles of patches: the first half of the frequencies turns by height, the second by width.
 *
 * @returns [patch, headDim / 2] radians, row-major
 */
export function patchAngles(
  coordinates: ReadonlyArray<readonly [number, number]>,
  config: VisionConfig,
): Float64Array {
  const half = config.hiddenSize / config.heads / 2;
  const quarter = half / 2;
  const angles = new Float64Array(coordinates.length * half);
  coordinates.forEach(([row, column], patch) => {
    for (let i = 0; i < quarter; i++) {
      const frequency = VISION_THETA ** (-i / quarter);
      angles[patch * half + i] = row * frequency;
      angles[patch * half + quarter + i] = column * frequency;
    }
  });
  return angles;
}

/** Groups of patches (indices into one image) that attend to each other: a frame, or a window of it. */
export function attentionGroups(
  grid: Grid,
  config: VisionConfig,
  kind: "full" | "window",
): Array<Array<number>> {
  const [frames, height, width] = grid;
  const unit = config.mergeSize ** 2;
  const [rows, columns] = [height / config.mergeSize, width / config.mergeSize];
  const side =
    kind === "full"
      ? Math.max(rows, columns)
      : Math.floor(config.windowSize / config.mergeSize / config.patchSize);
  const groups = new Map<number, Array<number>>();
  for (let cell = 0; cell < frames * rows * columns; cell++) {
    const frame = Math.floor(cell / (rows * columns));
    const row = Math.floor(cell / columns) % rows;
    const column = cell % columns;
    const windows = Math.ceil(columns / side);
    const key =
      (frame * Math.ceil(rows / side) + Math.floor(row / side)) * windows +
      Math.floor(column / side);
    if (!groups.has(key)) groups.set(key, []);
    for (let i = 0; i < unit; i++) groups.get(key)!.push(cell * unit + i);
  }
  return [...groups.values()];
}
