/** Decodes image files into 8-bit RGB rasters, and encodes small PNGs. Models layer. */
import * as Schema from "effect/Schema";
import sharp from "sharp";
import type { Raster } from "../core/raster.ts";
import { messageOf } from "./json-file.ts";

/** An image could not be decoded; `path` is the file, or "(bytes)". */
export class ImageUnreadable extends Schema.TaggedError<ImageUnreadable>()("ImageUnreadable", {
  path: Schema.String,
  message: Schema.String,
}) {}

/** Default bound on width × height: 64 megapixels, 192 MB decoded. */
const MAX_PIXELS = 2 ** 26;

/**
 * The first frame of an image file (PNG, JPEG, WebP, GIF, …) or of its bytes.
 *
 * Like Pillow's `convert("RGB")`: alpha is dropped, not blended; colour profiles and EXIF rotation
 * are ignored.
 * Fails: `ImageUnreadable`, also when there are more than `maxPixels` pixels.
 */
export async function readImage(
  source: string | Uint8Array,
  options: { readonly maxPixels?: number } = {},
): Promise<Raster> {
  const limitInputPixels = options.maxPixels ?? MAX_PIXELS;
  try {
    const { data, info } = await sharp(source, { limitInputPixels, ignoreIcc: true })
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`decodes to ${info.channels} channels, not RGB`);
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  } catch (error) {
    const path = typeof source === "string" ? source : "(bytes)";
    throw new ImageUnreadable({ path, message: `${path}: ${messageOf(error)}` });
  }
}

/** Pictures up to this size are kept pixel by pixel, larger ones in at most 256 colours. */
const EXACT_PIXELS = 2 ** 14;

/** `raster` as a PNG, shrunk to fit `side` × `side` pixels, for people to look at. */
export async function encodePng(raster: Raster, side: number): Promise<Uint8Array> {
  const { width, height, data } = raster;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .png(width * height > EXACT_PIXELS ? { palette: true, effort: 1 } : {})
    .toBuffer();
}
