/** The diagrams of the geometry world, drawn around the cells that hold their labels. Data layer. */
import type { Raster } from "../core/raster.ts";
import type { RandomStream } from "../core/seed.ts";
import { circle, dot, line, outline, type Point } from "./canvas.ts";
import { type Cell, grid, ink, label, paper, readingOrder } from "./grid.ts";

/** The kinds of diagram; `height` is a triangle with its height drawn beside it. */
export type Figure = "scalene" | "right" | "isosceles" | "rectangle" | "height" | "circle";

/** The strokes of a diagram and the cells it leaves free for its numbers and for the unknown. */
export interface Sketch {
  readonly outline?: ReadonlyArray<Point>;
  readonly lines?: ReadonlyArray<readonly [Point, Point]>;
  readonly dashed?: ReadonlyArray<readonly [Point, Point]>;
  readonly circle?: { readonly center: Point; readonly radius: number };
  readonly labels: ReadonlyArray<Cell>;
  readonly unknown?: Cell;
}

export const cell = (row: number, column: number): Cell => ({ row, column });

/** A short stroke across the middle of a side: the sign of equal sides. */
export function tick([x0, y0]: Point, [x1, y1]: Point): readonly [Point, Point] {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const across = [(-(y1 - y0) / length) * 3, ((x1 - x0) / length) * 3] as const;
  const middle = [(x0 + x1) / 2, (y0 + y1) / 2] as const;
  return [
    [Math.round(middle[0] - across[0]), Math.round(middle[1] - across[1])],
    [Math.round(middle[0] + across[0]), Math.round(middle[1] + across[1])],
  ];
}

/** The sign of a right angle in the corner at `foot`, opening to the right and up. */
const rightAngle = ([x, y]: Point, side: number): ReadonlyArray<readonly [Point, Point]> => [
  [
    [x, y - side],
    [x + side, y - side],
  ],
  [
    [x + side, y - side],
    [x + side, y],
  ],
];

/** How each kind of diagram is drawn. */
export const sketches: Readonly<Record<Figure, (random: RandomStream) => Sketch>> = {
  scalene: (random) => {
    const base = 33 + random.integer(2);
    const left = 2 + random.integer(4);
    const right = 42 + random.integer(4);
    const apex: Point = [12 + random.integer(6), 13 + random.integer(3)];
    return {
      outline: [[left, base], [right, base], apex],
      labels: [cell(3, 0), cell(3, 3)],
      unknown: cell(0, 1),
    };
  },
  right: (random) => {
    const foot: Point = [3 + random.integer(4), 33 + random.integer(2)];
    const end: Point = [40 + random.integer(5), foot[1]];
    return {
      outline: [foot, end, [foot[0], 13 + random.integer(3)]],
      lines: rightAngle(foot, 5),
      labels: [cell(3, 3)],
      unknown: cell(0, 0),
    };
  },
  isosceles: (random) => {
    const base = 33 + random.integer(2);
    const half = 14 + random.integer(2);
    const apex: Point = [17 + random.integer(3), 13 + random.integer(3)];
    const feet: readonly [Point, Point] = [
      [apex[0] - half, base],
      [apex[0] + half, base],
    ];
    return {
      outline: [...feet, apex],
      lines: feet.map((foot) => tick(foot, apex)),
      labels: [cell(0, 1)],
      unknown: cell(3, 0),
    };
  },
  rectangle: (random) => {
    const [left, right] = [14 + random.integer(3), 42 + random.integer(4)];
    const [top, bottom] = [3 + random.integer(6), 32 + random.integer(3)];
    return {
      outline: [
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
      ],
      labels: [cell(1, 0), cell(3, 2)],
    };
  },
  height: (random) => {
    const foot: Point = [14 + random.integer(3), 32 + random.integer(3)];
    const apex: Point = [foot[0], 3 + random.integer(6)];
    const start: Point = [21 + random.integer(5), foot[1]];
    return {
      outline: [start, [42 + random.integer(4), foot[1]], apex],
      lines: rightAngle(foot, 3),
      dashed: [
        [apex, foot],
        [foot, start],
      ],
      labels: [cell(1, 0), cell(3, 2)],
    };
  },
  circle: (random) => {
    const center: Point = [23 + random.integer(2), 22 + random.integer(2)];
    const radius = 20 + random.integer(2);
    return {
      circle: { center, radius },
      lines: [[center, [center[0] + radius, center[1]]]],
      labels: [cell(2, 2)],
    };
  },
};

/** The sketch in a mirror; labels stay upright, so only places change. */
function mirrored(sketch: Sketch): Sketch {
  const point = ([x, y]: Point): Point => [grid.size - 1 - x, y];
  const place = ({ row, column }: Cell) => cell(row, grid.cells - 1 - column);
  const segments = (all: ReadonlyArray<readonly [Point, Point]> = []) =>
    all.map(([from, to]) => [point(from), point(to)] as const);
  return {
    outline: (sketch.outline ?? []).map(point),
    lines: segments(sketch.lines),
    dashed: segments(sketch.dashed),
    ...(sketch.circle && { circle: { ...sketch.circle, center: point(sketch.circle.center) } }),
    labels: sketch.labels.map(place),
    ...(sketch.unknown && { unknown: place(sketch.unknown) }),
  };
}

function strokes(image: Raster, sketch: Sketch): void {
  if (sketch.outline) outline(image, sketch.outline, ink);
  for (const [from, to] of sketch.lines ?? []) line(image, from, to, ink);
  for (const [from, to] of sketch.dashed ?? []) line(image, from, to, ink, 2);
  if (sketch.circle) {
    const [x, y] = sketch.circle.center;
    circle(image, [x, y], sketch.circle.radius, ink);
    // The centre mark grows upwards only: the cell below holds the label.
    for (const offset of [-1, 0, 1]) dot(image, [x + offset, y - 1], ink);
  }
}

/** A diagram as it came out: where its numbers and its unknown stand. */
interface Drawn {
  readonly image: Raster;
  readonly labels: ReadonlyArray<Cell>;
  readonly unknown?: Cell;
}

/**
 * A diagram with its numbers, not to scale, at random left- or right-handed.
 *
 * The numbers take the label cells in reading order; no stroke enters a cell that holds a label,
 * so a label looks exactly as it does in the general world.
 */
export const drawFigure = (
  figure: Figure,
  numbers: ReadonlyArray<number>,
  random: RandomStream,
): Drawn => drawSketch(sketches[figure], numbers, random);

/** The same of a sketch of one's own. */
export function drawSketch(
  make: (random: RandomStream) => Sketch,
  numbers: ReadonlyArray<number>,
  random: RandomStream,
): Drawn {
  const image = paper(random);
  const upright = make(random);
  const sketch = random.integer(2) === 0 ? upright : mirrored(upright);
  const labels = [...sketch.labels].sort(readingOrder);
  strokes(image, sketch);
  numbers.forEach((number, index) => {
    label(image, labels[index]!, `${number}`, random);
  });
  if (sketch.unknown) label(image, sketch.unknown, "x", random);
  return { image, labels, ...(sketch.unknown && { unknown: sketch.unknown }) };
}
