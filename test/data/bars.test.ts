import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { type Bar, drawBars } from "../../src/data/bars.ts";
import { grid, paint } from "../../src/data/grid.ts";
import { looks, patch } from "../support/looks.ts";

const bars: ReadonlyArray<Bar> = [
  { value: 60, color: "blue" },
  { value: 120, color: "red" },
  { value: 30, color: "yellow" },
];
const charts = Array.from({ length: 120 }, (_, index) => drawBars(bars, stream(3, "bars", index)));

/** The rows of an image's column of cells in which a colour occurs. */
function rowsOf({ image }: (typeof charts)[number], column: number, color: Bar["color"]) {
  const wanted = paint[color].join();
  const holds = (x: number, y: number) => {
    const offset = (y * grid.size + x) * 3;
    return image.data.slice(offset, offset + 3).join() === wanted;
  };
  const xs = Array.from({ length: grid.cell }, (_, x) => column * grid.cell + x);
  return Array.from({ length: grid.size }, (_, y) => y).filter((y) => xs.some((x) => holds(x, y)));
}

describe("a bar chart", () => {
  it("writes each number under its bar exactly as the general world draws labels", () => {
    for (const { image, standing } of charts)
      standing.forEach(({ label }, index) => {
        expect(label.row).toBe(3);
        expect(looks(`${bars[index]!.value}`, image.data[0]!)).toContain(patch(image, label));
      });
  });

  it("draws each bar in its colour, in its own column, above the labels", () => {
    for (const chart of charts)
      chart.standing.forEach(({ label, height }, index) => {
        const rows = rowsOf(chart, label.column, bars[index]!.color);
        expect(rows).toHaveLength(height);
        expect(rows.at(-1)).toBe(3 * grid.cell - 2);
        for (const other of bars.filter((_, place) => place !== index))
          expect(rowsOf(chart, label.column, other.color)).toEqual([]);
      });
  });

  it("has heights in proportion to the values, whatever the scale", () => {
    for (const { standing } of charts) {
      const [middle, high, low] = standing.map(({ height }) => height);
      expect(Math.abs(middle! - high! / 2)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(low! - high! / 4)).toBeLessThanOrEqual(0.5);
      expect(high).toBeLessThan(3 * grid.cell);
    }
    expect(new Set(charts.map(({ standing }) => standing[1]!.height)).size).toBe(7);
  });

  it("keeps the order of its bars and leaves out each column in turn", () => {
    const columns = charts.map(({ standing }) => standing.map(({ label }) => label.column));
    expect(new Set(columns.map(String))).toEqual(new Set(["0,1,2", "0,1,3", "0,2,3", "1,2,3"]));
  });
});
