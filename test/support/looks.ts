/** How labels look in the general world, to compare pictures of other worlds with. */
import type { Raster } from "../../src/core/raster.ts";
import { stream } from "../../src/core/seed.ts";
import { blank, type Cell, grid, label } from "../../src/data/grid.ts";

/** The pixels of one cell, row by row. */
export function patch({ data }: Raster, { row, column }: Cell): string {
  const rows = Array.from({ length: grid.cell }, (_, y) => {
    const start = ((row * grid.cell + y) * grid.size + column * grid.cell) * 3;
    return [...data.slice(start, start + grid.cell * 3)].join(" ");
  });
  return rows.join("\n");
}

const known = new Map<string, Set<string>>();

/** Every look a label can have in the general world on a background. */
export function looks(content: string, grey: number): Set<string> {
  const key = `${content} ${grey}`;
  const found = known.get(key) ?? drawLooks(content, grey);
  known.set(key, found);
  return found;
}

function drawLooks(content: string, grey: number): Set<string> {
  const all = Array.from({ length: 40 }, (_, index) => {
    const image = blank(grey);
    label(image, { row: 1, column: 2 }, content, stream(9, index));
    return patch(image, { row: 1, column: 2 });
  });
  return new Set(all);
}
