/** Draws how a step grows, a panel for each thing that does, as one SVG for the documents. Serves `scaling.ts`. */
import { loadLibrary } from "../src/report/svg.ts";
import type { Spread } from "./measure.ts";

/** A step's time and operations as one thing grows. */
export interface GrowthLine {
  readonly axis: string;
  readonly points: ReadonlyArray<{
    readonly value: number;
    readonly seconds: Spread;
    readonly flops: number;
  }>;
}

const PANEL = { width: 230, height: 210 };

/**
 * The time of a step with its range, and, dashed, what it would be if it grew as the operations do from the largest
 * down; both axes logarithmic, the same in all panels.
 */
export async function growthPlot(lines: ReadonlyArray<GrowthLine>): Promise<string> {
  const { Plot, svg } = await loadLibrary();
  const all = lines.flatMap(({ points }) => points.flatMap((point) => ideal(points, point)));
  const domain = [Math.min(...all), Math.max(...all)];
  const panels = lines.map(({ axis, points }, index) => {
    const drawing = svg(`Seconds of a step against ${axis}`, {
      ...PANEL,
      ...{ marginLeft: 44, marginBottom: 38, marginTop: 26, marginRight: 14 },
      x: {
        type: "log",
        base: 2,
        label: axis,
        ticks: points.map(({ value }) => value),
        tickFormat: "d",
      },
      y: {
        type: "log",
        label: "seconds of a step",
        domain,
        grid: true,
        ticks: 4,
        tickFormat: "~g",
      },
      marks: [
        Plot.line(points, {
          x: "value",
          y: (point) => ideal(points, point)[1]!,
          stroke: "#888",
          strokeDasharray: "4 3",
        }),
        Plot.ruleX(points, {
          x: "value",
          y1: (point) => point.seconds.low,
          y2: (point) => point.seconds.high,
          stroke: "#1f6feb",
        }),
        Plot.line(points, { x: "value", y: (point) => point.seconds.median, stroke: "#1f6feb" }),
        Plot.dot(points, {
          x: "value",
          y: (point) => point.seconds.median,
          ...{ fill: "#1f6feb", r: 3 },
        }),
      ],
    });
    return drawing.replace(/<svg ([^>]*)>/, (_, attributes) => {
      const place = `x="${index * PANEL.width}"`;
      return `<svg ${place} ${attributes}><title>Seconds of a step against ${axis}</title>`;
    });
  });
  const [width, height] = [PANEL.width * lines.length, PANEL.height];
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`;
  const title = "<title>How a GRPO step grows with its sizes</title>";
  return `${open}${title}<rect width="100%" height="100%" fill="white"/>${panels.join("")}</svg>\n`;
}

/** The measured seconds, and those of growth by operations alone, which meets them at the largest value. */
function ideal(
  points: GrowthLine["points"],
  point: GrowthLine["points"][number],
): readonly [number, number] {
  const largest = points.at(-1)!;
  return [point.seconds.median, (largest.seconds.median * point.flops) / largest.flops];
}
