/** An image in memory, the form in which readers and worlds hand pictures to image processors. Serves all layers. */

/** 8-bit RGB pixels, row-major: `data[(y * width + x) * 3 + channel]`, length `height * width * 3`. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
