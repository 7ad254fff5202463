import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { drawSketch, sketches } from "../../src/data/figures.ts";
import { type HardFigure, hardSketches } from "../../src/data/figures-hard.ts";
import { looks, patch } from "../support/looks.ts";

const figures: ReadonlyArray<readonly [HardFigure, ReadonlyArray<number>]> = [
  ["angleAbove", [30]],
  ["apexGiven", [110, 40]],
  ["baseGiven", [70]],
  ["basesGiven", [80, 80]],
  ["square", [7]],
  ["rightOutside", [40]],
  ["isoscelesOutside", [120]],
];

const drawings = (figure: HardFigure, numbers: ReadonlyArray<number>) =>
  Array.from({ length: 200 }, (_, index) =>
    drawSketch(hardSketches[figure], numbers, stream(5, figure, index)),
  );

type Make = (typeof hardSketches)[HardFigure];
/** Without numbers: strokes, the unknown, and the places of labels. */
const draw = (make: Make) =>
  Array.from({ length: 60 }, (_, index) => drawSketch(make, [], stream(6, index)));

describe.each(figures)("the diagram %s", (figure, numbers) => {
  it("shows numbers and unknown as the general world draws labels: no stroke in their cells", () => {
    for (const { image, labels, unknown } of drawings(figure, numbers)) {
      expect(labels).toHaveLength(numbers.length);
      labels.forEach((cell, index) => {
        expect(looks(`${numbers[index]}`, image.data[0]!)).toContain(patch(image, cell));
      });
      if (unknown) expect(looks("x", image.data[0]!)).toContain(patch(image, unknown));
    }
  });

  it("is none of the geometry world's, by its strokes or by where its labels stand", () => {
    const shared = (of: (make: Make) => ReadonlyArray<string>) => {
      const known = new Set(Object.values(sketches).flatMap(of));
      return of(hardSketches[figure]).some((one) => known.has(one));
    };
    const strokes = shared((make) => draw(make).map(({ image }) => image.data.join()));
    const places = shared((make) =>
      draw(make).map(({ labels, unknown }) => JSON.stringify([labels, unknown])),
    );
    expect([strokes, places]).not.toEqual([true, true]);
  });
});
