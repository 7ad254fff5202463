/** Cuts an image as Idefics3 does: the whole of it made small, and tiles of it where it is split. Models layer. */
import * as Schema from "effect/Schema";
import type { Raster } from "../../../core/raster.ts";
import {
  type Cut,
  checkRaster,
  type PatchedImage,
  patchify,
  unsuitable,
} from "../../image-patches.ts";
import {
  greyLevels,
  type PixelSettings,
  pixelSettings,
  settingsSource,
} from "../../image-settings.ts";
import { decodeJson, optional } from "../../json-file.ts";
import { folderInvalid } from "../../model-folder-invalid.ts";
import { pillowResize } from "../../pillow-resize.ts";

/** The settings of `preprocessor_config.json`; sizes in pixels. */
export interface TileSettings extends PixelSettings {
  /** The longer side of an image before it is split. */
  readonly longestEdge: number;
  /** Side of a tile. */
  readonly tile: number;
  readonly split: boolean;
}

/** The largest side that the reference lets an image have, and far more than any model is made for. */
const MAX_SIDE = 4096;
const Side = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_SIDE }));
const Edge = Schema.Struct({ longest_edge: optional(Side) });
const ConfigFile = Schema.Struct({
  size: optional(Edge),
  max_image_size: optional(Edge),
  do_image_splitting: optional(Schema.Boolean),
});
/** Lanczos, and grey levels from −1 to 1. */
const DEFAULTS = { resample: 1, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
const DEFAULT_TILE = 364;
/** Beyond it an image would have more tokens than any prompt. */
const MAX_TILES = 1024;

/**
 * The image settings of a model folder: `preprocessor_config.json`, else `processor_config.json`.
 *
 * Absent fields take the defaults of `transformers`' `Idefics3ImageProcessor`.
 * Fails: `ModelFolderInvalid`.
 */
export function readTileSettings(dir: string): TileSettings {
  const source = settingsSource(dir);
  const file = decodeJson(ConfigFile, source.json, source.path, source.at);
  const tile = file.max_image_size?.longest_edge ?? DEFAULT_TILE;
  const longestEdge = file.size?.longest_edge ?? 4 * DEFAULT_TILE;
  if (Math.ceil(longestEdge / tile) ** 2 > MAX_TILES) {
    const problem = `sides of ${longestEdge} pixels make too many tiles of ${tile}`;
    throw folderInvalid(source.path, "size", problem);
  }
  const split = file.do_image_splitting ?? true;
  return { ...pixelSettings(source, DEFAULTS), longestEdge, tile, split };
}

/**
 * Cuts an image: its tiles in reading order, then the whole image in the size of a tile; the latter
 * alone where it is not split. Tiles are always full, so that no patch is padding.
 *
 * Fails: `ImageUnsuitable`.
 * Source: transformers `Idefics3ImageProcessor`.
 */
export function cutTiles(image: Raster, settings: TileSettings, cut: Cut): PatchedImage {
  checkRaster(image);
  const { tile, filter } = settings;
  const [height, width] = edgeSize(image, settings);
  const sized = settings.doResize ? pillowResize(image, width, height, filter) : image;
  const whole = settings.split ? fitTiles(sized, settings) : sized;
  const [rows, columns] = settings.split ? [whole.height / tile, whole.width / tile] : [1, 1];
  const isSplit = rows > 1 || columns > 1;
  const pieces = isSplit ? tilesOf(whole, rows, columns, tile) : [];
  const all = [...pieces, pillowResize(whole, tile, tile, filter)];
  const levels = greyLevels(settings);
  const parts = all.map((piece) => patchify(piece, levels, cut));
  const grid = [all.length, parts[0]!.rows, parts[0]!.columns] as const;
  const patches = new Float32Array(parts.length * parts[0]!.patches.length);
  parts.forEach((part, index) => {
    patches.set(part.patches, index * part.patches.length);
  });
  return isSplit ? { patches, grid, tiles: [rows, columns] } : { patches, grid };
}

type Size = { readonly width: number; readonly height: number };

/** [height, width] with the longer side as the settings say; the shorter one even, at least 1. */
function edgeSize(
  { width, height }: Size,
  { longestEdge: edge }: Pick<TileSettings, "longestEdge">,
): readonly [height: number, width: number] {
  // The reference divides by the quotient; another order would round otherwise.
  const ratio = width / height;
  const even = (side: number) => Math.max(1, side + (side % 2));
  return width >= height
    ? [even(Math.trunc(edge / ratio)), edge]
    : [edge, even(Math.trunc(edge * ratio))];
}

/** Resizes to sides that are multiples of a tile's. */
function fitTiles(image: Raster, { tile, filter }: TileSettings): Raster {
  const ratio = image.width / image.height;
  const fit = (side: number) => Math.max(1, Math.ceil(side / tile)) * tile;
  if (fit(image.width) * fit(image.height) > MAX_TILES * tile ** 2) {
    throw unsuitable(image, `makes more than ${MAX_TILES} tiles of ${tile} pixels`);
  }
  if (image.width >= image.height) {
    const width = fit(image.width);
    return pillowResize(image, width, fit(Math.trunc(width / ratio)), filter);
  }
  const height = fit(image.height);
  return pillowResize(image, fit(Math.trunc(height * ratio)), height, filter);
}

function tilesOf(image: Raster, rows: number, columns: number, tile: number): Array<Raster> {
  return Array.from({ length: rows * columns }, (_, index) => {
    const [top, left] = [Math.floor(index / columns) * tile, (index % columns) * tile];
    const data = new Uint8Array(tile * tile * 3);
    for (let y = 0; y < tile; y++) {
      const from = ((top + y) * image.width + left) * 3;
      data.set(image.data.subarray(from, from + tile * 3), y * tile * 3);
    }
    return { width: tile, height: tile, data };
  });
}
