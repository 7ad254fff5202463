/** Drawing without anti-aliasing on small rasters, enough for the synthetic worlds. Data layer. */
import type { Raster } from "../core/raster.ts";
import { textPixels } from "./font.ts";

export type Color = readonly [red: number, green: number, blue: number];
export type Point = readonly [x: number, y: number];

/** A raster of one colour. */
export function plain(width: number, height: number, color: Color): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let offset = 0; offset < data.length; offset += 3) data.set(color, offset);
  return { width, height, data };
}

/** Colours one pixel; points outside the image are left out. */
export function dot(image: Raster, [x, y]: Point, color: Color): void {
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
  image.data.set(color, (y * image.width + x) * 3);
}

/** A line one pixel wide (Bresenham), both ends included; `dash` > 0 draws and skips that many pixels in turn. */
export function line(image: Raster, from: Point, to: Point, color: Color, dash = 0): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const steps = Math.max(Math.abs(dx), Math.abs(dy));
  for (let step = 0; step <= steps; step++) {
    if (dash > 0 && Math.floor(step / dash) % 2 === 1) continue;
    const along = steps === 0 ? 0 : step / steps;
    dot(image, [Math.round(from[0] + dx * along), Math.round(from[1] + dy * along)], color);
  }
}

/** The closed outline through the corners. */
export function outline(image: Raster, corners: ReadonlyArray<Point>, color: Color): void {
  corners.forEach((corner, index) => {
    line(image, corner, corners[(index + 1) % corners.length]!, color);
  });
}

/** A circle one pixel wide around a pixel. */
export function circle(image: Raster, center: Point, radius: number, color: Color): void {
  const reach = Math.ceil(radius);
  for (let y = -reach; y <= reach; y++)
    for (let x = -reach; x <= reach; x++)
      if (Math.abs(Math.hypot(x, y) - radius) < 0.5)
        dot(image, [center[0] + x, center[1] + y], color);
}

/**
 * Fills the pixels near a grid point whose centres satisfy a predicate of their offset from it.
 *
 * `center` is a corner between pixels, so a shape of radius r covers at most 2r × 2r pixels.
 */
export function fill(
  image: Raster,
  center: Point,
  radius: number,
  inside: (dx: number, dy: number) => boolean,
  color: Color,
): void {
  for (let y = -radius; y < radius; y++)
    for (let x = -radius; x < radius; x++)
      if (inside(x + 0.5, y + 0.5)) dot(image, [center[0] + x, center[1] + y], color);
}

/** Text in the bitmap font, its upper left corner at a pixel. */
export function text(image: Raster, [left, top]: Point, content: string, color: Color): void {
  for (const [x, y] of textPixels(content)) dot(image, [left + x, top + y], color);
}
