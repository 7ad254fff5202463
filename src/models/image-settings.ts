/** What image preprocessing of every family has in its settings: filter, scale, colour. Models layer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import { decodeJson, optional, readJsonFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";
import type { ResizeFilter } from "./pillow-resize.ts";

/** The settings that every family has. */
export interface PixelSettings {
  readonly doResize: boolean;
  readonly filter: ResizeFilter;
  /** Factor on grey levels 0..255; 1 when rescaling is off. */
  readonly rescaleFactor: number;
  readonly mean: ReadonlyArray<number>;
  readonly std: ReadonlyArray<number>;
}

const PerChannel = Schema.Union([
  Schema.Finite,
  Schema.Tuple([Schema.Finite, Schema.Finite, Schema.Finite]),
]);
const PixelFile = Schema.Struct({
  do_resize: optional(Schema.Boolean),
  do_rescale: optional(Schema.Boolean),
  do_normalize: optional(Schema.Boolean),
  resample: optional(Schema.Int),
  rescale_factor: optional(Schema.Finite),
  image_mean: optional(PerChannel),
  image_std: optional(PerChannel),
});
const WrappedFile = Schema.Struct({ image_processor: Schema.Unknown });

/** Pillow's numbers for filters. */
const FILTERS: Readonly<Record<number, ResizeFilter>> = {
  1: "lanczos",
  2: "bilinear",
  3: "bicubic",
};

/** The settings of a folder, unchecked, and where they stand. */
export interface SettingsSource {
  readonly path: string;
  readonly json: unknown;
  /** Key under which they stand; "" for the whole file. */
  readonly at: string;
}

/** Finds the image settings: `preprocessor_config.json`, else `processor_config.json`. Fails: `ModelFolderInvalid`. */
export function settingsSource(dir: string): SettingsSource {
  const own = join(dir, "preprocessor_config.json");
  const wrapped = join(dir, "processor_config.json");
  if (existsSync(own) || !existsSync(wrapped))
    return { path: own, json: readJsonFile(own), at: "" };
  const { image_processor: json } = decodeJson(WrappedFile, readJsonFile(wrapped), wrapped);
  return { path: wrapped, json, at: "image_processor" };
}

/** The defaults of a family's class in `transformers`. */
export interface PixelDefaults {
  /** Pillow's number. */
  readonly resample: number;
  readonly mean: ReadonlyArray<number>;
  readonly std: ReadonlyArray<number>;
}

/** Fails: `ModelFolderInvalid`. */
export function pixelSettings(
  { path, json, at }: SettingsSource,
  defaults: PixelDefaults,
): PixelSettings {
  const file = decodeJson(PixelFile, json, path, at);
  const filter = FILTERS[file.resample ?? defaults.resample];
  if (filter === undefined) {
    const problem = `${file.resample} is not supported; use 1 (Lanczos), 2 (bilinear) or 3 (bicubic)`;
    throw folderInvalid(path, "resample", problem);
  }
  const normalize = file.do_normalize ?? true;
  const settings = {
    doResize: file.do_resize ?? true,
    filter,
    rescaleFactor: (file.do_rescale ?? true) ? (file.rescale_factor ?? 1 / 255) : 1,
    mean: normalize ? perChannel(file.image_mean ?? defaults.mean) : [0, 0, 0],
    std: normalize ? perChannel(file.image_std ?? defaults.std) : [1, 1, 1],
  };
  if (settings.std.includes(0)) throw folderInvalid(path, "image_std", "must not be 0");
  if (!greyLevels(settings).every((levels) => levels.every(Number.isFinite))) {
    throw folderInvalid(path, "image_mean", "with image_std gives values beyond float32");
  }
  return settings;
}

function perChannel(value: number | ReadonlyArray<number>): ReadonlyArray<number> {
  return typeof value === "number" ? [value, value, value] : value;
}

/** The normalised value of each grey level 0..255, per channel. */
export function greyLevels({ rescaleFactor, mean, std }: PixelSettings): Array<Float32Array> {
  return mean.map((center, channel) =>
    Float32Array.from(
      { length: 256 },
      (_, level) => (level * rescaleFactor - center) / std[channel]!,
    ),
  );
}
