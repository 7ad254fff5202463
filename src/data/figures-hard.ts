/** Diagrams of the geometry world's kinds with marks, labels or lines in places that it never shows. Data layer. */
import type { RandomStream } from "../core/seed.ts";
import { cell, type Sketch, sketches, tick } from "./figures.ts";

/** The kinds of diagram, each named after what is new in it. */
export type HardFigure =
  | "angleAbove"
  | "apexGiven"
  | "baseGiven"
  | "basesGiven"
  | "square"
  | "rightOutside"
  | "isoscelesOutside";

/** The base goes on beyond its right end, and the unknown stands below that part: an exterior angle. */
const outside = (sketch: Sketch, random: RandomStream): Sketch => {
  const corners = sketch.outline!;
  const [x, y] = corners.reduce((right, corner) => (corner[0] > right[0] ? corner : right));
  const beyond = [[x, y] as const, [44 + random.integer(4), y] as const] as const;
  return { ...sketch, lines: [...sketch.lines!, beyond], unknown: cell(3, 3) };
};

/** How each kind is drawn; labels and unknown keep to the cells beside their corners and sides. */
export const hardSketches: Readonly<Record<HardFigure, (random: RandomStream) => Sketch>> = {
  angleAbove: (random) => ({
    ...sketches.right(random),
    ...{ labels: [cell(0, 0)], unknown: cell(3, 3) },
  }),
  apexGiven: (random) => ({
    ...sketches.scalene(random),
    ...{ labels: [cell(0, 1), cell(3, 3)], unknown: cell(3, 0) },
  }),
  baseGiven: (random) => ({
    ...sketches.isosceles(random),
    ...{ labels: [cell(3, 0)], unknown: cell(0, 1) },
  }),
  basesGiven: (random) => ({
    ...sketches.isosceles(random),
    ...{ labels: [cell(3, 0), cell(3, 2)], unknown: cell(0, 1) },
  }),
  square: (random) => {
    const [left, top] = [14 + random.integer(3), 3 + random.integer(3)];
    const side = 28 + random.integer(2);
    const [right, bottom] = [left + side, top + side];
    return {
      outline: [
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
      ],
      // On the two sides without a number: the cells of both labels stay clear.
      lines: [tick([left, top], [right, top]), tick([right, top], [right, bottom])],
      labels: [random.pick([cell(1, 0), cell(3, 2)])],
    };
  },
  rightOutside: (random) => {
    const upright = sketches.right(random);
    const [foot, end, apex] = upright.outline!;
    const nearer = [end![0] - 15, end![1]] as const;
    return outside({ ...upright, outline: [foot!, nearer, apex!], labels: [cell(0, 0)] }, random);
  },
  isoscelesOutside: (random) => outside(sketches.isosceles(random), random),
};
