/** Where patches are in their image, and which of them see each other. Models layer. */
import type { VisionConfig } from "../../config.ts";
import type { Grid } from "../../image-patches.ts";

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
