import { expect, it } from "vitest";
import { type Example, exampleId, firstDistinct, response } from "../../src/data/example.ts";
import { blank } from "../../src/data/grid.ts";

it("writes responses with single spaces, thoughts only where there are some", () => {
  expect(response("red")).toBe("<answer> red </answer>");
  expect(response("8", ["radius", "4 * 2 = 8"])).toBe(
    "<think> radius ; 4 * 2 = 8 </think> <answer> 8 </answer>",
  );
});

it("names equal content equally and other pixels differently", () => {
  expect(exampleId("circ: 4", blank())).toBe(exampleId("circ: 4", blank()));
  expect(exampleId("circ: 4", blank(255))).not.toBe(exampleId("circ: 4", blank()));
  expect(exampleId("circ: 4", blank())).toMatch(/^circ: 4#[0-9a-f]{12}$/);
});

it("finds different examples and gives up when there are no more", () => {
  const make = (index: number): Example => ({
    id: `${index % 3}`,
    family: "f",
    image: blank(),
    question: "q",
    answer: "a",
  });
  expect(firstDistinct(3, make).map((one) => one.id)).toEqual(["0", "1", "2"]);
  expect(() => firstDistinct(4, make)).toThrow("found only 3 of 4 different examples");
});
