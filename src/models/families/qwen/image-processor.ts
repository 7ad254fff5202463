/** Turns an image into the patches that a Qwen vision tower takes: resize, normalise, cut. Models layer. */
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
export interface ImageProcessorConfig extends PixelSettings, Cut {
  readonly minPixels: number;
  readonly maxPixels: number;
}

/** Pixels of an image after resizing: what the largest image that is read has. */
const Area = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 26 }));
/** Pixels or patches along a side; real models have 14 or 16, and 2. */
const Side = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1024 }));
const ConfigFile = Schema.Struct({
  min_pixels: optional(Area),
  max_pixels: optional(Area),
  size: optional(
    Schema.Struct({
      shortest_edge: optional(Area),
      longest_edge: optional(Area),
      min_pixels: optional(Area),
      max_pixels: optional(Area),
    }),
  ),
  patch_size: optional(Side),
  temporal_patch_size: optional(Side),
  merge_size: optional(Side),
});

/** Bicubic, and the colours of CLIP. */
const DEFAULTS = {
  resample: 3,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;
const MAX_ASPECT_RATIO = 200;

/**
 * The image settings of a model folder: `preprocessor_config.json`, else `processor_config.json`.
 *
 * Absent fields take the defaults of `transformers`' `Qwen2VLImageProcessor`.
 * Fails: `ModelFolderInvalid`.
 */
export function readImageProcessorConfig(dir: string): ImageProcessorConfig {
  const source = settingsSource(dir);
  const { path } = source;
  const file = decodeJson(ConfigFile, source.json, path, source.at);
  const { size } = file;
  const config = {
    ...pixelSettings(source, DEFAULTS),
    minPixels: file.min_pixels ?? size?.min_pixels ?? size?.shortest_edge ?? 56 * 56,
    maxPixels: file.max_pixels ?? size?.max_pixels ?? size?.longest_edge ?? 28 * 28 * 1280,
    patchSize: file.patch_size ?? 14,
    temporalPatchSize: file.temporal_patch_size ?? 2,
    mergeSize: file.merge_size ?? 2,
  };
  if (config.minPixels > config.maxPixels) {
    throw folderInvalid(path, "size", "the smallest area is above the largest");
  }
  return config;
}

/**
 * Cuts an image into normalised patches, in the order of `Qwen2VLImageProcessor`.
 *
 * Fails: `ImageUnsuitable`.
 */
export function processImage(image: Raster, config: ImageProcessorConfig): PatchedImage {
  checkRaster(image);
  const factor = config.patchSize * config.mergeSize;
  const [height, width] = config.doResize
    ? smartResize(image.height, image.width, factor, config.minPixels, config.maxPixels)
    : [image.height, image.width];
  if (height % factor !== 0 || width % factor !== 0) {
    throw unsuitable(image, `sides must be multiples of ${factor} when do_resize is false`);
  }
  const resized = pillowResize(image, width, height, config.filter);
  const { patches, rows, columns } = patchify(resized, greyLevels(config), config);
  return { patches, grid: [1, rows, columns] };
}

/**
 * The size to resize to: sides multiples of `factor`, `minPixels` ≤ area ≤ `maxPixels`, shape kept.
 *
 * Returns [height, width] in pixels.
 * Fails: `ImageUnsuitable` when one side is over 200 times the other.
 */
export function smartResize(
  height: number,
  width: number,
  factor: number,
  minPixels: number,
  maxPixels: number,
): [height: number, width: number] {
  if (Math.max(height, width) / Math.min(height, width) > MAX_ASPECT_RATIO) {
    throw unsuitable({ height, width }, `sides differ by more than ${MAX_ASPECT_RATIO} times`);
  }
  const sides = [height, width] as const;
  const [tall, wide] = sides.map((side) => roundHalfEven(side / factor) * factor) as [
    number,
    number,
  ];
  if (tall * wide > maxPixels) {
    const shrink = Math.sqrt((height * width) / maxPixels);
    const fit = (side: number) => Math.max(factor, Math.floor(side / shrink / factor) * factor);
    return [fit(height), fit(width)];
  }
  if (tall * wide < minPixels) {
    const grow = Math.sqrt(minPixels / (height * width));
    const fit = (side: number) => Math.ceil((side * grow) / factor) * factor;
    return [fit(height), fit(width)];
  }
  return [tall, wide];
}

/** Rounds halves to the even neighbour, as Python's `round` does. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}
