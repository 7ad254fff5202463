import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { drawFigure, type Figure } from "../../src/data/figures.ts";
import * as scenes from "../../src/data/scenes.ts";
import { looks, patch } from "../support/looks.ts";

const figures: ReadonlyArray<readonly [Figure, ReadonlyArray<number>]> = [
  ["scalene", [110, 40]],
  ["right", [30]],
  ["isosceles", [100]],
  ["rectangle", [3, 8]],
  ["height", [3, 8]],
  ["circle", [17]],
];
const drawings = (figure: Figure, numbers: ReadonlyArray<number>, count = 60) =>
  Array.from({ length: count }, (_, index) =>
    drawFigure(figure, numbers, stream(5, figure, index)),
  );

describe.each(figures)("the diagram %s", (figure, numbers) => {
  it("shows each number, in reading order, exactly as the general world draws labels", () => {
    for (const { image, labels } of drawings(figure, numbers)) {
      expect(labels).toHaveLength(numbers.length);
      labels.forEach((cell, index) => {
        expect(looks(`${numbers[index]}`, image.data[0]!)).toContain(patch(image, cell));
      });
    }
  });

  it("uses all four placements of a label", () => {
    const seen = new Set(
      drawings(figure, numbers, 200).map(
        ({ image, labels }) => `${image.data[0]}${patch(image, labels[0]!)}`,
      ),
    );
    expect(seen.size).toBe(3 * 4);
  });

  it("writes the unknown alone in its cell", () => {
    for (const { image, unknown } of drawings(figure, numbers))
      if (unknown) expect(looks("x", image.data[0]!)).toContain(patch(image, unknown));
    const asksForX = ["scalene", "right", "isosceles"].includes(figure);
    expect(drawings(figure, numbers).every((one) => (one.unknown !== undefined) === asksForX)).toBe(
      true,
    );
  });

  it("is drawn left- and right-handed, on three backgrounds", () => {
    const many = drawings(figure, numbers, 200);
    expect(new Set(many.map(({ labels }) => JSON.stringify(labels))).size).toBe(
      figure === "scalene" ? 1 : 2,
    );
    expect(new Set(many.map(({ image }) => image.data[0]))).toEqual(new Set([255, 235, 215]));
  });
});

it("shows the base model nothing but labels it has learnt to read: equal patches in both worlds", () => {
  const reads = Array.from({ length: 8000 }, (_, index) => scenes.example(1, index, "read"));
  const general = reads
    .filter((one) => one.answer === "17")
    .map(({ id, image }) => {
      const [row, column] = /^read: (\d)\.(\d) /.exec(id)!.slice(1).map(Number);
      return patch(image, { row: row!, column: column! });
    });
  const domain = drawings("circle", [17], 200).map(({ image, labels }) => patch(image, labels[0]!));
  expect(new Set(general)).toEqual(new Set(domain));
  expect(new Set(domain).size).toBe(12);
});

it("tells figures apart by their strokes, not only by their labels", () => {
  const strokes = (figure: Figure) =>
    new Set(drawings(figure, []).map(({ image }) => image.data.join()));
  const all = figures.map(([figure]) => strokes(figure));
  const total = all.reduce((sum, one) => sum + one.size, 0);
  expect(new Set(all.flatMap((one) => [...one])).size).toBe(total);
});

it("puts rectangle and height triangle labels in the same cells", () => {
  const cells = (figure: Figure) =>
    new Set(drawings(figure, [3, 8]).map(({ labels }) => JSON.stringify(labels)));
  expect(cells("height")).toEqual(cells("rectangle"));
});
