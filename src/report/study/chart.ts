/** The charts of a study: what arms gain against what they keep, and accuracy over steps. Report layer. */
import type { Sample } from "../../core/student.ts";
import { type Drawing, loadLibrary } from "../svg.ts";
import { type Point, smooth, thin } from "../thin.ts";
import { placeLabels, spreadHeights } from "./labels.ts";
import type { ArmMaterial, Cell, CurvePoint } from "./material.ts";
import { gainOf, retentionOf, summaryOf } from "./summary.ts";

/** Drawings as SVG; a drawing without anything to show is undefined. */
export interface StudyCharts {
  readonly trade: string | undefined;
  readonly domain: string | undefined;
  readonly general: string | undefined;
  readonly sampled: string | undefined;
}

/** Size of a drawing in its own units; the page scales it. */
const [width, height] = [420, 300];
const margin = { left: 46, right: 30, top: 30, bottom: 38 };
const frame = {
  ...{ width, height, marginLeft: margin.left, marginRight: margin.right },
  ...{ marginTop: margin.top, marginBottom: margin.bottom },
};
const plain = { labelArrow: "none", tickSize: 4, nice: false } as const;

/** Colour and dashes of the n-th arm; its number tells it apart without them. */
export const lookOf = (index: number) => ({
  color: `var(--line-${(index % 4) + 1})`,
  dashes: ["none", "7 3", "2 3"][Math.floor(index / 4) % 3]!,
});

/** Draws everything that a study has to show. */
export async function studyCharts(arms: ReadonlyArray<ArmMaterial>): Promise<StudyCharts> {
  const drawing = await loadLibrary();
  const overSteps = (title: string, of: (cell: Cell) => ReadonlyArray<Point>) =>
    drawLines(
      drawing,
      title,
      arms.map((arm) => arm.finals.map(of)),
    );
  return {
    trade: drawTrade(drawing, arms),
    domain: overSteps("domain accuracy on validation", ({ curve }) => pointsOf(curve, "domain")),
    general: overSteps("general accuracy on validation", ({ curve }) => pointsOf(curve, "general")),
    sampled: overSteps("share of right sampled answers", ({ sampled }) =>
      thin(smooth(sampled, Math.max(5, Math.round(sampled.length / 20))), 120),
    ),
  };
}

const pointsOf = (curve: ReadonlyArray<CurvePoint>, suite: "domain" | "general") =>
  curve.flatMap(({ step, [suite]: value }) => (value === null ? [] : [{ step, value }]));

interface Traded {
  readonly index: number;
  readonly x: Sample;
  readonly y: Sample;
}

/** Each arm's seeds as dots, its mean with both intervals, and its number. */
function drawTrade({ Plot, svg }: Drawing, arms: ReadonlyArray<ArmMaterial>): string | undefined {
  const traded = arms.flatMap((arm, index): ReadonlyArray<Traded> => {
    const { retention, gain } = summaryOf(arm);
    return retention === null || gain === null ? [] : [{ index, x: retention, y: gain }];
  });
  if (traded.length === 0) return undefined;
  const seeds = arms.flatMap(({ finals }, index) =>
    finals.flatMap((cell) => {
      const [x, y] = [retentionOf(cell), gainOf(cell)];
      return x === undefined || y === undefined ? [] : [{ index, x, y }];
    }),
  );
  const [x, y] = [
    domainFor([...seeds.map((seed) => seed.x), ...traded.flatMap((arm) => ends(arm.x)), 1]),
    domainFor([...seeds.map((seed) => seed.y), ...traded.flatMap((arm) => ends(arm.y)), 0]),
  ];
  const labels = placeLabels(
    traded.map((arm) => ({
      x: pixel(arm.x.mean, x, [margin.left, width - margin.right]),
      y: pixel(arm.y.mean, y, [height - margin.bottom, margin.top]),
    })),
  );
  const color = ({ index }: { readonly index: number }) => lookOf(index).color;
  return svg("Domain gain against retention, one mark an arm", {
    ...frame,
    x: { ...plain, label: "retention", domain: x, ticks: 5, labelAnchor: "center" },
    y: { ...plain, label: "domain gain", domain: y, ticks: 5 },
    marks: [
      Plot.gridY({ stroke: "var(--grid)", strokeOpacity: 1, ticks: 5 }),
      Plot.ruleX([1], { stroke: "var(--rule)" }),
      Plot.dot(seeds, { x: "x", y: "y", r: 2, fill: color, fillOpacity: 0.45 }),
      Plot.ruleX(traded.filter(hasInterval), {
        ...{ x: ({ x: one }: Traded) => one.mean, stroke: color, strokeWidth: 1.4 },
        ...{ y1: ({ y: one }: Traded) => one.low!, y2: ({ y: one }: Traded) => one.high! },
      }),
      Plot.ruleY(traded.filter(hasInterval), {
        ...{ y: ({ y: one }: Traded) => one.mean, stroke: color, strokeWidth: 1.4 },
        ...{ x1: ({ x: one }: Traded) => one.low!, x2: ({ x: one }: Traded) => one.high! },
      }),
      Plot.dot(traded, {
        ...{ x: ({ x: one }: Traded) => one.mean, y: ({ y: one }: Traded) => one.mean },
        ...{ r: 4.5, fill: color, stroke: "var(--card)" },
      }),
      ...traded.map((arm, at) =>
        Plot.text([arm], {
          ...{ x: [arm.x.mean], y: [arm.y.mean], text: [`${arm.index + 1}`] },
          ...{ dx: labels[at]!.x, dy: labels[at]!.y, fontWeight: 650, fill: color(arm) },
        }),
      ),
    ],
  });
}

const hasInterval = ({ x, y }: Traded) => x.low !== null && y.low !== null;
const ends = ({ mean, low, high }: Sample) => [low ?? mean, high ?? mean];

/** From the least to the greatest value with a little room on both sides. */
function domainFor(values: ReadonlyArray<number>): readonly [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.01, (high - low) * 0.06);
  return [low - room, high + room];
}

const pixel = (
  value: number,
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
) => from + ((value - low) / (high - low)) * (to - from);

/** For each arm every seed faint, the mean over its seeds strong, its number at the end. */
function drawLines(
  { Plot, svg }: Drawing,
  title: string,
  arms: ReadonlyArray<ReadonlyArray<ReadonlyArray<Point>>>,
): string | undefined {
  const means = arms.map((seeds) => meanLine(seeds.filter((points) => points.length > 0)));
  const shown = means.flatMap((points, index) => (points.length === 0 ? [] : [{ index, points }]));
  if (shown.length === 0) return undefined;
  const range = shareRange(arms.flat(2));
  const last = Math.max(1, ...arms.flat(2).map(({ step }) => step));
  const drawn: readonly [number, number] = [height - margin.bottom, margin.top];
  const heights = spreadHeights(
    shown.map(({ points }) => pixel(points.at(-1)!.value, range, drawn)),
  );
  return svg(`${title}, over training steps, one line an arm`, {
    ...frame,
    x: { ...plain, label: "training steps", domain: [0, last], ticks: 5, labelAnchor: "center" },
    y: { ...plain, label: "share right", domain: range, ticks: 5 },
    marks: [
      Plot.gridY({ stroke: "var(--grid)", strokeOpacity: 1, ticks: 5 }),
      ...arms.flatMap((seeds, index) =>
        seeds.map((points) => {
          const stroke = { stroke: lookOf(index).color, strokeOpacity: 0.22, strokeWidth: 0.8 };
          return Plot.line(points, { x: "step", y: "value", ...stroke });
        }),
      ),
      ...shown.flatMap(({ index, points }, at) => {
        const { color, dashes } = lookOf(index);
        const end = points.at(-1)!;
        const dy = heights[at]! - pixel(end.value, range, drawn);
        const stroke = { stroke: color, strokeWidth: 1.9, strokeDasharray: dashes };
        return [
          Plot.line(points, { x: "step", y: "value", ...stroke }),
          Plot.text([end], {
            ...{ x: "step", y: "value", text: [`${index + 1}`], textAnchor: "start" },
            ...{ dx: 6, dy, fontWeight: 650, fill: color },
          }),
        ];
      }),
    ],
  });
}

/** From 0 to 1; nearer to 1 where all values are, so that small differences show. */
function shareRange(points: ReadonlyArray<Point>): readonly [number, number] {
  const least = Math.min(1, ...points.map(({ value }) => value));
  return [Math.max(0, Math.floor(least * 10 - 0.5) / 10), 1];
}

/** The mean of several lines where all of them go, at every step that one of them has. */
function meanLine(lines: ReadonlyArray<ReadonlyArray<Point>>): ReadonlyArray<Point> {
  if (lines.length === 0) return [];
  const from = Math.max(...lines.map((points) => points[0]!.step));
  const to = Math.min(...lines.map((points) => points.at(-1)!.step));
  const steps = [...new Set(lines.flatMap((points) => points.map(({ step }) => step)))]
    .filter((step) => step >= from && step <= to)
    .sort((a, b) => a - b);
  return steps.map((step) => ({
    step,
    value: lines.reduce((sum, points) => sum + valueAt(points, step), 0) / lines.length,
  }));
}

/** The value of a line at a step, straight between its points. */
function valueAt(points: ReadonlyArray<Point>, step: number): number {
  const after = points.findIndex((point) => point.step >= step);
  const [left, right] = [points[Math.max(0, after - 1)]!, points[after]!];
  if (right.step === step || left.step === right.step) return right.value;
  const share = (step - left.step) / (right.step - left.step);
  return left.value + share * (right.value - left.value);
}
