/** Pillow's antialiased resize of 8-bit images, bit for bit (fixed point). Models layer. */
import type { Raster } from "../core/raster.ts";

/** The reconstruction filters, by Pillow's names. */
export type ResizeFilter = "bilinear" | "bicubic" | "lanczos";

interface Filter {
  /** Half width, in source pixels when enlarging. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

/** The weights that make one output pixel: `weights[i]` multiplies input pixel `first + i`. */
interface Tap {
  readonly first: number;
  readonly weights: Int32Array;
}

/** Weights are scaled by 2^22: 32 bits less 8 for the pixel and 2 for overshoot. */
const PRECISION_BITS = 32 - 8 - 2;
const CHANNELS = 3;

const FILTERS: Record<ResizeFilter, Filter> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * Resizes to `width` × `height` pixels: first along rows, then along columns, each pass rounded to 8 bits.
 *
 * Source: Pillow up to 12, `src/libImaging/Resample.c` (`precompute_coeffs`, `normalize_coeffs_8bpc`).
 * Pillow 13 runs the vertical pass first when the height shrinks much more than the width, which
 * moves grey levels of such images; the models and our reference numbers are from before.
 */
export function pillowResize(
  image: Raster,
  width: number,
  height: number,
  filter: ResizeFilter,
): Raster {
  const wide = width === image.width ? image : resizeWidth(image, width, FILTERS[filter]);
  return height === wide.height ? wide : resizeHeight(wide, height, FILTERS[filter]);
}

/** Keys' cubic with a = −1/2. */
function bicubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function taps(inputs: number, outputs: number, filter: Filter): Array<Tap> {
  const scale = inputs / outputs;
  // Shrinking widens the filter, which is the antialiasing.
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  return Array.from({ length: outputs }, (_, output) => {
    const center = (output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const last = Math.min(inputs, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: last - first }, (_, i) =>
      filter.weight((i + first - center + 0.5) * (1 / stretch)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return {
      first,
      weights: Int32Array.from(raw, (weight) => fixed(sum === 0 ? weight : weight / sum)),
    };
  });
}

function fixed(weight: number): number {
  return Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
}

function clip8(sum: number): number {
  return Math.min(255, Math.max(0, sum >> PRECISION_BITS));
}

function resizeWidth(image: Raster, width: number, filter: Filter): Raster {
  const { height, data: source } = image;
  const data = new Uint8Array(height * width * CHANNELS);
  for (const [x, { first, weights }] of taps(image.width, width, filter).entries()) {
    for (let y = 0; y < height; y++) {
      const from = (y * image.width + first) * CHANNELS;
      const to = (y * width + x) * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel++) {
        let sum = 2 ** (PRECISION_BITS - 1);
        for (let i = 0; i < weights.length; i++) {
          sum += source[from + i * CHANNELS + channel]! * weights[i]!;
        }
        data[to + channel] = clip8(sum);
      }
    }
  }
  return { width, height, data };
}

function resizeHeight(image: Raster, height: number, filter: Filter): Raster {
  const { width, data: source } = image;
  const stride = width * CHANNELS;
  const data = new Uint8Array(height * stride);
  for (const [y, { first, weights }] of taps(image.height, height, filter).entries()) {
    for (let column = 0; column < stride; column++) {
      let sum = 2 ** (PRECISION_BITS - 1);
      for (let i = 0; i < weights.length; i++) {
        sum += source[(first + i) * stride + column]! * weights[i]!;
      }
      data[y * stride + column] = clip8(sum);
    }
  }
  return { width, height, data };
}
