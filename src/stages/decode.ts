/** Images of rows decoded, shrunk and packed; large ones are looked up among those of earlier runs. Serves the data stage. */
import { join, resolve } from "node:path";
import * as Effect from "effect/Effect";
import type { Raster } from "../core/raster.ts";
import { type PackedImage, packImage, type StoredImage } from "../data/gathered.ts";
import { openImageCache } from "../data/image-cache.ts";
import { type ImageFolder, type ImageSource, imageBytes } from "../data/image-source.ts";
import { type ImageUnreadable, readImage } from "../models/image-file.ts";
import { pillowResize } from "../models/pillow-resize.ts";
import { cacheRoot } from "../tensor/install/layout.mjs";

/** An image ready to be kept, one that was kept already, or what is wrong with it. */
export type Decoded = StoredImage | PackedImage | { readonly problem: string };

/** Decodes images of one source. */
export interface Decoder {
  readonly decode: (image: ImageSource, folder: ImageFolder) => Effect.Effect<Decoded>;
  /** Says where an image of a path was kept, so that it is not decoded again. */
  readonly kept: (image: ImageSource, folder: ImageFolder, stored: StoredImage) => void;
  /** Brings the folder of earlier images back to its size. */
  readonly close: () => void;
}

/** Smaller images are decoded faster than they are looked up. */
const WORTH_KEEPING = 2 ** 16;
const GIB = 2 ** 30;
const DEFAULT_GIB = 4;

/** Memory: the places of images that rows name by path. */
export function openDecoder(maxPixels: number, env: NodeJS.ProcessEnv = process.env): Decoder {
  const stated = Number(env.RCPA_IMAGE_CACHE_GIB ?? DEFAULT_GIB);
  const gib = Number.isFinite(stated) && stated >= 0 ? stated : DEFAULT_GIB;
  const cache = gib === 0 ? undefined : openImageCache(join(cacheRoot(env), "images"));
  const places = new Map<string, StoredImage>();
  let added = false;
  const fresh = (bytes: Uint8Array): Effect.Effect<Decoded> =>
    Effect.tryPromise({
      try: () => readImage(bytes),
      catch: (error) => error as ImageUnreadable,
    }).pipe(
      Effect.map((raster): Decoded => {
        const image = packImage(shrink(raster, maxPixels));
        if (raster.width * raster.height >= WORTH_KEEPING) {
          added = true;
          cache?.put(bytes, maxPixels, image);
        }
        return image;
      }),
      Effect.catch((error) =>
        Effect.succeed<Decoded>({ problem: `cannot be decoded: ${error.message}` }),
      ),
    );
  return {
    decode: (image, { ...folder }) => {
      const known = "path" in image ? places.get(resolve(folder.dir, image.path)) : undefined;
      if (known !== undefined) return Effect.succeed(known);
      const read = imageBytes(image, folder);
      if ("problem" in read) return Effect.succeed(read);
      const earlier = cache?.get(read.bytes, maxPixels);
      return earlier === undefined ? fresh(read.bytes) : Effect.succeed(earlier);
    },
    kept: (image, { dir }, stored) => {
      if ("path" in image) places.set(resolve(dir, image.path), stored);
    },
    close: () => {
      if (added) cache?.trim(gib * GIB);
    },
  };
}

/** The image with at most `maxPixels` pixels, its proportions kept. */
function shrink(raster: Raster, maxPixels: number): Raster {
  const { width, height } = raster;
  if (width * height <= maxPixels) return raster;
  const scale = Math.sqrt(maxPixels / (width * height));
  const side = (length: number) => Math.max(1, Math.floor(length * scale));
  return pillowResize(raster, side(width), side(height), "bicubic");
}
