/** Turns an image into the patches that a Qwen vision tower takes: resize, normalise, cut. Models layer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import type { Raster } from "../core/raster.ts";
import { decodeJson, optional, readJsonFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";
import { pillowResize, type ResizeFilter } from "./pillow-resize.ts";

/** One image, cut: `patches` is [patch, channel · temporal · height · width], merge blocks together. */
export interface ImagePatches {
  readonly patches: Float32Array;
  /** Patches along time, height, width; their product is the number of rows of `patches`. */
  readonly grid: readonly [time: number, height: number, width: number];
}

/** The settings of `preprocessor_config.json`; sizes in pixels. */
export interface ImageProcessorConfig {
  readonly doResize: boolean;
  readonly filter: ResizeFilter;
  readonly minPixels: number;
  readonly maxPixels: number;
  /** Factor on grey levels 0..255; 1 when rescaling is off. */
  readonly rescaleFactor: number;
  readonly mean: ReadonlyArray<number>;
  readonly std: ReadonlyArray<number>;
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  readonly mergeSize: number;
}

/** An image whose size the model cannot take; sizes in pixels. */
export class ImageUnsuitable extends Schema.TaggedError<ImageUnsuitable>()("ImageUnsuitable", {
  width: Schema.Number,
  height: Schema.Number,
  message: Schema.String,
}) {}

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 }));
const PerChannel = Schema.Union([
  Schema.Finite,
  Schema.Tuple([Schema.Finite, Schema.Finite, Schema.Finite]),
]);
const ConfigFile = Schema.Struct({
  do_resize: optional(Schema.Boolean),
  do_rescale: optional(Schema.Boolean),
  do_normalize: optional(Schema.Boolean),
  resample: optional(Schema.Int),
  min_pixels: optional(Count),
  max_pixels: optional(Count),
  size: optional(
    Schema.Struct({
      shortest_edge: optional(Count),
      longest_edge: optional(Count),
      min_pixels: optional(Count),
      max_pixels: optional(Count),
    }),
  ),
  rescale_factor: optional(Schema.Finite),
  image_mean: optional(PerChannel),
  image_std: optional(PerChannel),
  patch_size: optional(Count),
  temporal_patch_size: optional(Count),
  merge_size: optional(Count),
});
const WrappedFile = Schema.Struct({ image_processor: Schema.Unknown });

/** Pillow's numbers for filters. */
const FILTERS: Readonly<Record<number, ResizeFilter>> = {
  1: "lanczos",
  2: "bilinear",
  3: "bicubic",
};
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;
const MAX_ASPECT_RATIO = 200;
const CHANNELS = 3;

/**
 * The image settings of a model folder: `preprocessor_config.json`, else `processor_config.json`.
 *
 * Absent fields take the defaults of `transformers`' `Qwen2VLImageProcessor`.
 * Fails: `ModelFolderInvalid`.
 */
export function readImageProcessorConfig(dir: string): ImageProcessorConfig {
  const own = join(dir, "preprocessor_config.json");
  const wrapped = join(dir, "processor_config.json");
  if (existsSync(own) || !existsSync(wrapped)) return configOf(own, readJsonFile(own), "");
  const { image_processor } = decodeJson(WrappedFile, readJsonFile(wrapped), wrapped);
  return configOf(wrapped, image_processor, "image_processor");
}

/**
 * Cuts an image into normalised patches, in the order of `Qwen2VLImageProcessor`.
 *
 * Rows run over merge blocks in reading order, then over the patches of a block; a row is
 * [channel, temporal, height, width], the image repeated along `temporal`.
 * Fails: `ImageUnsuitable`.
 */
export function processImage(image: Raster, config: ImageProcessorConfig): ImagePatches {
  checkRaster(image);
  const factor = config.patchSize * config.mergeSize;
  const [height, width] = config.doResize
    ? smartResize(image.height, image.width, factor, config.minPixels, config.maxPixels)
    : [image.height, image.width];
  if (height % factor !== 0 || width % factor !== 0) {
    throw unsuitable(image, `sides must be multiples of ${factor} when do_resize is false`);
  }
  return patchify(pillowResize(image, width, height, config.filter), config);
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

function configOf(path: string, json: unknown, at: string): ImageProcessorConfig {
  const file = decodeJson(ConfigFile, json, path, at);
  const filter = FILTERS[file.resample ?? 3];
  if (filter === undefined) {
    const problem = `${file.resample} is not supported; use 1 (Lanczos), 2 (bilinear) or 3 (bicubic)`;
    throw folderInvalid(path, "resample", problem);
  }
  const normalize = file.do_normalize ?? true;
  const config = {
    doResize: file.do_resize ?? true,
    filter,
    minPixels: file.min_pixels ?? file.size?.min_pixels ?? file.size?.shortest_edge ?? 56 * 56,
    maxPixels:
      file.max_pixels ?? file.size?.max_pixels ?? file.size?.longest_edge ?? 28 * 28 * 1280,
    rescaleFactor: (file.do_rescale ?? true) ? (file.rescale_factor ?? 1 / 255) : 1,
    mean: normalize ? perChannel(file.image_mean ?? CLIP_MEAN) : [0, 0, 0],
    std: normalize ? perChannel(file.image_std ?? CLIP_STD) : [1, 1, 1],
    patchSize: file.patch_size ?? 14,
    temporalPatchSize: file.temporal_patch_size ?? 2,
    mergeSize: file.merge_size ?? 2,
  };
  if (config.std.includes(0)) throw folderInvalid(path, "image_std", "must not be 0");
  if (config.minPixels > config.maxPixels) {
    throw folderInvalid(path, "size", "the smallest area is above the largest");
  }
  return config;
}

function perChannel(value: number | ReadonlyArray<number>): ReadonlyArray<number> {
  return typeof value === "number" ? [value, value, value] : value;
}

function checkRaster(image: Raster) {
  const { width, height, data } = image;
  if (width < 1 || height < 1 || data.length !== width * height * CHANNELS) {
    throw unsuitable(image, `${data.length} bytes are not an RGB image of that size`);
  }
}

function unsuitable(image: { readonly width: number; readonly height: number }, problem: string) {
  const { width, height } = image;
  return new ImageUnsuitable({ width, height, message: `image ${width}×${height}: ${problem}` });
}

/** Rounds halves to the even neighbour, as Python's `round` does. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}

function patchify(image: Raster, config: ImageProcessorConfig): ImagePatches {
  const { patchSize: side, temporalPatchSize: repeats, mergeSize: merge } = config;
  const levels = greyLevels(config);
  const [rows, columns] = [image.height / side, image.width / side];
  const patches = new Float32Array(image.height * image.width * CHANNELS * repeats);
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
  return { patches, grid: [1, rows, columns] };
}

/** The normalised value of each grey level 0..255, per channel. */
function greyLevels({ rescaleFactor, mean, std }: ImageProcessorConfig): Array<Float32Array> {
  return mean.map((center, channel) =>
    Float32Array.from(
      { length: 256 },
      (_, level) => (level * rescaleFactor - center) / std[channel]!,
    ),
  );
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
