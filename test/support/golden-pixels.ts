/** The pixel values of cut images in the layout of a golden model's reference. Used by model tests. */
import { patchCoordinates } from "../../src/models/families/tower/patches.ts";
import type { PatchedImage } from "../../src/models/image-patches.ts";

/**
 * Patches one after the other, as Qwen's processor gives them, or put together to tiles
 * [1, tile, channel, height, width], as that of Idefics3 does; pixels that no patch covers are NaN.
 */
export function pixelsLike(
  shape: ReadonlyArray<number>,
  images: ReadonlyArray<PatchedImage>,
  mergeSize: number,
): Float32Array {
  if (shape.length === 2) return Float32Array.from(images.flatMap(({ patches }) => [...patches]));
  const [channels, height, width] = shape.slice(-3) as [number, number, number];
  const tile = channels * height * width;
  const tiles = images.reduce((sum, { grid }) => sum + grid[0], 0);
  const pixels = new Float32Array(tiles * tile).fill(Number.NaN);
  let first = 0;
  for (const { patches, grid } of images) {
    const perTile = grid[1] * grid[2];
    const values = patches.length / (grid[0] * perTile);
    const side = Math.sqrt(values / channels);
    patchCoordinates(grid, mergeSize).forEach(([row, column], patch) => {
      const start = first + Math.floor(patch / perTile) * tile;
      for (let i = 0; i < values; i++) {
        const [channel, y, x] = [
          Math.floor(i / side / side),
          Math.floor(i / side) % side,
          i % side,
        ];
        const at = (channel * height + row * side + y) * width + column * side + x;
        pixels[start + at] = patches[patch * values + i]!;
      }
    });
    first += grid[0] * tile;
  }
  return pixels;
}
