/** Images cut into patches: the form in which vision towers take them. Models layer. */
import * as Schema from "effect/Schema";
import type { Raster } from "../core/raster.ts";

/** Patches of one image as [time, height, width]; for an image in tiles, time counts the tiles. */
export type Grid = readonly [time: number, height: number, width: number];

/** One image as its processor gives it. */
export interface PatchedImage {
  /** [patch, channel × time × height × width] float32, merge blocks row by row. */
  readonly patches: Float32Array;
  readonly grid: Grid;
  /** Tiles along height and width; the whole image, made smaller, follows them. Absent for one piece. */
  readonly tiles?: readonly [rows: number, columns: number];
}

/** An image whose size the model cannot take; sizes in pixels. */
export class ImageUnsuitable extends Schema.TaggedError<ImageUnsuitable>()("ImageUnsuitable", {
  width: Schema.Number,
  height: Schema.Number,
  message: Schema.String,
}) {}

const CHANNELS = 3;

/** Fails: `ImageUnsuitable` when the bytes are not those of an RGB image of its size. */
export function checkRaster(image: Raster): void {
  const { width, height, data } = image;
  if (width < 1 || height < 1 || data.length !== width * height * CHANNELS) {
    throw unsuitable(image, `${data.length} bytes are not an RGB image of that size`);
  }
}

/** The error about an image, which names its size. */
export function unsuitable(
  image: { readonly width: number; readonly height: number },
  problem: string,
): ImageUnsuitable {
  const { width, height } = image;
  return new ImageUnsuitable({ width, height, message: `image ${width}×${height}: ${problem}` });
}

/** How an image is cut; pixels, frames, patches along a side. */
export interface Cut {
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  readonly mergeSize: number;
}

/**
 * Cuts an image: rows run over merge blocks in reading order, then over the patches of a block; a row
 * is [channel, temporal, height, width], the image repeated along `temporal`.
 *
 * @param levels the normalised value of each grey level, per channel
 * @returns patches, [patch, value], and how many there are along height and width
 */
export function patchify(image: Raster, levels: ReadonlyArray<Float32Array>, cut: Cut) {
  const { patchSize: side, temporalPatchSize: repeats, mergeSize: merge } = cut;
  const [rows, columns] = [Math.floor(image.height / side), Math.floor(image.width / side)];
  const patches = new Float32Array(rows * columns * side * side * CHANNELS * repeats);
  let at = 0;
  for (const [row, column] of blockOrder(rows, columns, merge)) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      const table = levels[channel]!;
      for (let repeat = 0; repeat < repeats; repeat++) {
        for (let y = row * side; y < (row + 1) * side; y++) {
          for (let x = column * side; x < (column + 1) * side; x++) {
            patches[at++] = table[image.data[(y * image.width + x) * CHANNELS + channel]!]!;
          }
        }
      }
    }
  }
  return { patches, rows, columns };
}

function* blockOrder(rows: number, columns: number, merge: number) {
  for (let top = 0; top < rows; top += merge) {
    for (let left = 0; left < columns; left += merge) {
      for (let row = top; row < top + merge; row++) {
        for (let column = left; column < left + merge; column++) yield [row, column] as const;
      }
    }
  }
}
