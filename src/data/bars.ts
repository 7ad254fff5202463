/** The pictures of the charts world: coloured bars on a baseline, each over its number. Data layer. */
import type { Raster } from "../core/raster.ts";
import type { RandomStream } from "../core/seed.ts";
import { line } from "./canvas.ts";
import { type Cell, type ColorName, grid, ink, label, paint, paper } from "./grid.ts";

/** A bar: what it stands for and how it looks. */
export interface Bar {
  readonly value: number;
  readonly color: ColorName;
}

/** Where a bar was drawn: the cell of its number, its height in pixels. */
interface Standing {
  readonly label: Cell;
  readonly height: number;
}

/** The row of cells for the numbers; the bars end right above it. */
const labels = 3;
const baseline = labels * grid.cell - 1;

/** The bars' places in a chart: distinct columns, from the left. */
function columns(count: number, random: RandomStream): ReadonlyArray<number> {
  const all = Array.from({ length: grid.cells }, (_, column) => column);
  return random
    .shuffle(all)
    .slice(0, count)
    .sort((one, other) => one - other);
}

/**
 * A chart of at most four bars from the left to the right, their heights in proportion to their values.
 *
 * Each number stands in the cell under its bar, which no stroke enters, so it looks exactly as it
 * does in the general world.
 */
export function drawBars(
  bars: ReadonlyArray<Bar>,
  random: RandomStream,
): { readonly image: Raster; readonly standing: ReadonlyArray<Standing> } {
  const image = paper(random);
  const places = columns(bars.length, random);
  const full = 28 + random.integer(7);
  const width = 6 + random.integer(3);
  const left = 1 + random.integer(3);
  const top = Math.max(...bars.map(({ value }) => value));
  const standing = bars.map(({ value, color }, index) => {
    const height = Math.max(1, Math.round((value / top) * full));
    const start = places[index]! * grid.cell + left;
    for (let x = start; x < start + width; x++)
      line(image, [x, baseline - 1], [x, baseline - height], paint[color]);
    const cell = { row: labels, column: places[index]! };
    label(image, cell, `${value}`, random);
    return { label: cell, height };
  });
  line(image, [0, baseline], [grid.size - 1, baseline], ink);
  return { image, standing };
}
