/** The picture format shared by all synthetic worlds: 48×48 pixels, 4×4 cells, one label or object a cell. Data layer. */
import type { Raster } from "../core/raster.ts";
import type { RandomStream } from "../core/seed.ts";
import { type Color, plain, text } from "./canvas.ts";
import { glyph, textWidth } from "./font.ts";
import type { colors } from "./vocabulary.ts";

/** Side of a picture in cells, of a cell in pixels, and of a picture in pixels. */
export const grid = { cells: 4, cell: 12, size: 48 } as const;

/** Place in the grid, counted from the upper left. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** All 16 cells in reading order. */
export const allCells: ReadonlyArray<Cell> = Array.from(
  { length: grid.cells ** 2 },
  (_, index) => ({
    row: Math.floor(index / grid.cells),
    column: index % grid.cells,
  }),
);

/** Orders cells as one reads: rows from the top, each from the left. */
export const readingOrder = (one: Cell, other: Cell): number =>
  one.row - other.row || one.column - other.column;

/** The colours that have a name. */
export type ColorName = (typeof colors)[number];

/** What the named colours look like in every world. */
export const paint: Readonly<Record<ColorName, Color>> = {
  red: [220, 40, 40],
  green: [40, 160, 60],
  blue: [50, 80, 220],
  yellow: [240, 195, 30],
  purple: [150, 50, 180],
};

/** The colour of text and lines in every world. */
export const ink: Color = [25, 25, 25];

/** The greys a picture's background is drawn from. */
const backgrounds = [255, 235, 215] as const;

/** An empty picture on a random background. */
export function paper(random: RandomStream): Raster {
  return blank(random.pick(backgrounds));
}

/** An empty picture: what a model gets in the blank-image probe. */
export function blank(grey = 235): Raster {
  return plain(grid.size, grid.size, [grey, grey, grey]);
}

/** Writes a label of at most three characters in the middle of a cell, moved by 0 or 1 pixel right and down. */
export function label(
  image: Raster,
  { row, column }: Cell,
  content: string,
  random: RandomStream,
): void {
  const left = column * grid.cell + Math.floor((grid.cell - textWidth(content)) / 2);
  const top = row * grid.cell + Math.floor((grid.cell - glyph.height) / 2);
  const jitter = [random.integer(2), random.integer(2)] as const;
  text(image, [left + jitter[0], top + jitter[1]], content, ink);
}
