/** Charts as static SVG, drawn by Observable Plot in a small DOM; colours and fonts come from the page. Report layer. */
import type { Markish, PlotOptions, ScaleOptions } from "@observablehq/plot";
import type { Curve } from "./curves.ts";
import { type Library, loadLibrary } from "./svg.ts";
import { type Point, smooth, thin } from "./thin.ts";

/** A stage's place on the axis of steps. */
export interface Phase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The values of one line within one phase, in order. */
export interface Stretch {
  readonly label: string;
  readonly points: ReadonlyArray<Point>;
}

/** An accuracy at the end of a phase. */
export interface Mark {
  readonly label: string;
  readonly step: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Draws charts; made by `loadPlotter`. */
export interface Plotter {
  /** Raw values faint, means over neighbours strong, phases shaded. */
  readonly steps: (
    curve: Curve,
    stretches: ReadonlyArray<Stretch>,
    phases: ReadonlyArray<Phase>,
  ) => string;
  /** Points with their intervals over the steps. */
  readonly marks: (
    title: string,
    unit: string,
    marks: ReadonlyArray<Mark>,
    phases: ReadonlyArray<Phase>,
  ) => string;
}

/** Size of a drawing in its own units; the page scales it. */
const [width, height] = [360, 212];
const margins = { marginLeft: 40, marginRight: 8, marginTop: 34, marginBottom: 34 };
const plotted = width - margins.marginLeft - margins.marginRight;

/** About the width of a character of the phases' names, and the most points of a line worth drawing. */
const [character, mostPoints] = [5.9, 700];

/** Colour and dashes of the n-th line of a chart: told apart without colour as well. */
export const strokes = [
  { color: "var(--line-1)", dashes: "none" },
  { color: "var(--line-2)", dashes: "6 3" },
  { color: "var(--line-3)", dashes: "2 2.5" },
  { color: "var(--line-4)", dashes: "9 3 2 3" },
] as const;

/** Shades of phases, used in turn. */
export const shades = 5;

/** Loads the plotting library and makes a plotter with it. */
export async function loadPlotter(): Promise<Plotter> {
  const { Plot, svg } = await loadLibrary();
  const draw: Draw = (title, unit, phases, options) =>
    svg(`${title}, ${unit}, over the steps of the run`, {
      ...{ width, height, ...margins, ariaLabel: title },
      x: { label: "step", labelArrow: "none", domain: [0, lastStep(phases)], ticks: 5, ...fine },
      ...options,
    });
  return {
    steps: (curve, stretches, phases) => drawSteps(Plot, draw, curve, stretches, phases),
    marks: (title, unit, marks, phases) => drawMarks(Plot, draw, { title, unit }, marks, phases),
  };
}

type Draw = (
  title: string,
  unit: string,
  phases: ReadonlyArray<Phase>,
  options: PlotOptions,
) => string;

/** Phases as shaded bands with the names that have room, and horizontal lines over them. */
function ground(
  Plot: Library,
  phases: ReadonlyArray<Phase>,
  { ticks }: ScaleOptions,
): ReadonlyArray<Markish> {
  return [
    Plot.rectX(phases, {
      x1: "from",
      x2: "to",
      fill: (_: Phase, at: number) => `var(--phase-${at % shades})`,
      ariaLabel: "phases",
    }),
    Plot.text(phases, {
      x: ({ from, to }: Phase) => (from + to) / 2,
      text: (phase: Phase, at: number) => nameIn(phase, at, phases),
      ...{ frameAnchor: "top", lineAnchor: "bottom", dy: -4, fill: "var(--quiet)" },
    }),
    Plot.gridY({
      stroke: "var(--grid)",
      strokeOpacity: 1,
      ...(ticks === undefined ? {} : { ticks }),
    }),
  ];
}

function drawSteps(
  Plot: Library,
  draw: Draw,
  { title, unit, scale, lines }: Curve,
  stretches: ReadonlyArray<Stretch>,
  phases: ReadonlyArray<Phase>,
): string {
  const faint = reduced(stretches, (points) => points);
  const strong = reduced(stretches, (points) => smooth(points, windowOf(points)));
  const path = { x: "step", y: "value", z: "part", strokeLinejoin: "round" } as const;
  const layers = lines.flatMap(({ label }, at) => {
    const { color, dashes } = strokes[at % strokes.length]!;
    const own = (points: ReadonlyArray<Placed>) => points.filter((point) => point.label === label);
    const line = { ...path, stroke: color };
    return [
      Plot.line(own(faint), { ...line, strokeWidth: 0.8, strokeOpacity: 0.28 }),
      Plot.line(own(strong), { ...line, strokeWidth: 1.9, strokeDasharray: dashes }),
      Plot.dot(alone(own(strong)), { x: "step", y: "value", r: 2.5, fill: color }),
    ];
  });
  const y: ScaleOptions = { ...axis(unit), ...range(scale, faint) };
  return draw(title, unit, phases, { y, marks: [...ground(Plot, phases, y), ...layers] });
}

function drawMarks(
  Plot: Library,
  draw: Draw,
  { title, unit }: Pick<Curve, "title" | "unit">,
  marks: ReadonlyArray<Mark>,
  phases: ReadonlyArray<Phase>,
): string {
  const labels = [...new Set(marks.map(({ label }) => label))];
  const layers = labels.flatMap((label, at) => {
    const { color, dashes } = strokes[at % strokes.length]!;
    const own = marks.filter((mark) => mark.label === label);
    const stroke = { x: "step", stroke: color };
    return [
      Plot.line(own, { ...stroke, y: "value", strokeWidth: 1.6, strokeDasharray: dashes }),
      Plot.ruleX(own, { ...stroke, y1: "low", y2: "high", strokeWidth: 1.6 }),
      Plot.dot(own, { x: "step", y: "value", r: 4, fill: color, stroke: "var(--card)" }),
    ];
  });
  const least = Math.min(1, ...marks.map(({ low }) => low));
  const top = Math.max(1, ...marks.map(({ high }) => high));
  const y: ScaleOptions = {
    ...axis(unit),

    domain: [Math.max(0, Math.floor(least * 10 - 0.5) / 10), top],
  };
  return draw(title, unit, phases, { y, marks: [...ground(Plot, phases, y), ...layers] });
}

/** A point of a line, with the number of its phase. */
interface Placed extends Point {
  readonly label: string;
  readonly part: number;
}

function reduced(
  stretches: ReadonlyArray<Stretch>,
  of: (points: ReadonlyArray<Point>) => ReadonlyArray<Point>,
): ReadonlyArray<Placed> {
  return stretches.flatMap(({ label, points }, part) =>
    thin(of(points), mostPoints).map((point) => ({ ...point, label, part })),
  );
}

const fine = { tickSize: 4, nice: false } as const;

const axis = (unit: string) => ({ label: unit, labelArrow: "none" as const, ticks: 4, ...fine });

const lastStep = (phases: ReadonlyArray<Phase>) => Math.max(1, ...phases.map(({ to }) => to));

/** The phase's number and name as far as they fit above its band. */
function nameIn({ name, from, to }: Phase, at: number, phases: ReadonlyArray<Phase>): string {
  const room = ((to - from) / lastStep(phases)) * plotted;
  const texts = [`${at + 1} ${name}`, `${at + 1}`, ""];
  return texts.find((text) => text.length * character <= room)!;
}

/** A mean over a twenty-fifth of the phase, and of five steps at least. */
const windowOf = (points: ReadonlyArray<Point>) => Math.max(5, Math.round(points.length / 25));

/** Points that make no line. */
function alone(points: ReadonlyArray<Placed>): ReadonlyArray<Placed> {
  return points.filter(({ part }) => points.filter((other) => other.part === part).length === 1);
}

function range(scale: Curve["scale"], points: ReadonlyArray<Point>): ScaleOptions {
  if (scale === "share") return { domain: [0, 1] };
  if (scale === "log") {
    const positive = points.map(({ value }) => value).filter((value) => value > 0);
    const [low, high] = [Math.min(...positive), Math.max(...positive)];
    const domain = low < high ? [low, high] : [low / 2 || 0.1, high * 2 || 1];
    return { type: "log", domain, ticks: logTicks(domain[0]!, domain[1]!) };
  }
  const values = points.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  return { domain: low < high ? [low, high * 1.04] : [0, 1], nice: true };
}

/** Powers of ten, with 2 and 5 between them where there are few. */
function logTicks(low: number, high: number): Array<number> {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = last - first > 3 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  return powers
    .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
    .filter((tick) => tick >= low && tick <= high);
}
