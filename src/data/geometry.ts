/** The domain world: seven families of geometry problems whose numbers stand in the diagram alone. Data layer. */
import type { RandomStream } from "../core/seed.ts";
import { chain, type Fact, fact, factText, pairs, range } from "./arithmetic.ts";
import { type Example, exampleId, response } from "./example.ts";
import { drawFigure, type Figure } from "./figures.ts";
import { type Family as AnyFamily, type Numbers, problems } from "./problems.ts";

/** One kind of problem: what is drawn, asked, and how it is solved; numbers are in reading order of their labels. */
interface Family extends AnyFamily {
  readonly question: string;
  readonly figure: Figure;
  /** The word that opens the solution and names its rule. */
  readonly rule: string;
  /** The chain of facts; the last result is the answer. */
  readonly solve: (...numbers: Array<number>) => ReadonlyArray<Fact>;
}

const digits = range(2, 9);
const angles = range(10, 160, 10);

/** Three different angles, all of them multiples of ten. */
const isScalene = ([a, b]: readonly [number, number]) =>
  a <= 120 && b <= 120 && a + b <= 160 && new Set([a, b, 180 - a - b]).size === 3;

const families = {
  tri: {
    weight: 4,
    question: "find angle x",
    figure: "scalene",
    rule: "scalene",
    combos: pairs(angles, angles).filter(isScalene),
    solve: (a, b) => chain(fact(a!, "+", b!), (sum) => fact(180, "-", sum)),
  },
  right: {
    weight: 2,
    question: "find angle x",
    figure: "right",
    rule: "right",
    combos: range(10, 80, 10).map((a) => [a]),
    solve: (a) => [fact(90, "-", a!)],
  },
  iso: {
    weight: 3,
    question: "find angle x",
    figure: "isosceles",
    rule: "isosceles",
    combos: angles.map((a) => [a]),
    solve: (a) => chain(fact(180, "-", a!), (rest) => fact(rest, "/", 2)),
  },
  recP: {
    weight: 4,
    question: "find the perimeter",
    figure: "rectangle",
    rule: "rectangle",
    combos: pairs(digits, digits),
    solve: (a, b) => chain(fact(a!, "+", b!), (sum) => fact(sum, "*", 2)),
  },
  recA: {
    weight: 3,
    question: "find the area",
    figure: "rectangle",
    rule: "rectangle",
    combos: pairs(digits, digits),
    solve: (a, b) => [fact(a!, "*", b!)],
  },
  triA: {
    weight: 4,
    question: "find the area",
    figure: "height",
    rule: "half",
    combos: pairs(digits, digits).filter(([a, b]) => (a * b) % 2 === 0),
    solve: (a, b) => chain(fact(a!, "*", b!), (product) => fact(product, "/", 2)),
  },
  circ: {
    weight: 2,
    question: "find the diameter",
    figure: "circle",
    rule: "radius",
    combos: range(2, 20).map((r) => [r]),
    solve: (r) => [fact(r!, "*", 2)],
  },
} satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof families;

/** The families, in the order of reports. */
export const familyNames = Object.keys(families) as ReadonlyArray<FamilyName>;

/** A problem with its worked reference, drawn with the given randomness. */
function make(name: FamilyName, numbers: Numbers, random: RandomStream): Example {
  const { figure, question, rule, solve }: Family = families[name];
  const { image } = drawFigure(figure, numbers, random);
  const steps = solve(...numbers);
  const answer = `${steps.at(-1)!.result}`;
  return {
    id: exampleId(`${name}: ${numbers.join(", ")}`, image),
    family: name,
    image,
    question,
    answer,
    reference: response(answer, [rule, ...steps.map(factText)]),
  };
}

const world = problems("geometry", families, make);

/**
 * The number combinations of every family and split.
 *
 * A held-out combination never occurs in training under its family. Its mirror image (5 and 8 for
 * 8 and 5) may, and so may the same rectangle under the other question; docs/log.md has what a
 * split without these costs.
 */
export const combos = world.combos;

/** Example `index` of the endless stream of a split, with its reference. */
export const example = world.example;

/** Training problems drawn from a seed, with the validation and test problems of every seed. */
export const dataset = world.dataset;
