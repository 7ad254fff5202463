/** Positions of a Qwen prompt: images spread over height and width. Models layer. */
import type { Grid } from "../../image-patches.ts";
import type { Position } from "../../positions.ts";

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
