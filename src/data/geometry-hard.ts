/** A test beyond the geometry world: its rules on numbers, figures and chains that it never shows. Data layer. */
import type { RandomStream } from "../core/seed.ts";
import { chain, type Fact, fact, factText, pairs, range } from "./arithmetic.ts";
import { type Example, exampleId, response } from "./example.ts";
import { drawSketch, type Sketch, sketches } from "./figures.ts";
import { hardSketches } from "./figures-hard.ts";
import { type Family as AnyFamily, type Numbers, problems } from "./problems.ts";

/** One kind of problem, under its level: what is drawn, asked, and how it is solved. */
interface Family extends AnyFamily {
  readonly question: string;
  readonly sketch: (random: RandomStream) => Sketch;
  /** The word that opens the solution; none where three steps leave no room for it. */
  readonly rule?: string;
  /** The chain of facts; the last result is the answer. */
  readonly solve: (...numbers: Array<number>) => ReadonlyArray<Fact>;
}

const angle = "find angle x";
const tens = (last: number) => range(10, last, 10);
/** Equal angles at a base. Here as below, what a familiar rule answers by accident is left out: 60. */
const bases = tens(80).filter((a) => a !== 60);
const large = range(10, 20);

const thirdAngle = (a: number, b: number) => chain(fact(a, "+", b), (sum) => fact(180, "-", sum));

const allDifferent = pairs(tens(120), tens(120)).filter(
  ([a, b]) => a + b <= 160 && new Set([a, b, 180 - a - b]).size === 3,
);

/**
 * Three levels of equal weight. `numbers`: a familiar figure and chain, numbers of a size or kind that
 * never occur in it. `figures`: a familiar chain, marks and labels in new places. `chains`: steps in an
 * order that no familiar problem has, up to three of them.
 */
const families = {
  "numbers/tri": {
    weight: 4,
    question: angle,
    sketch: sketches.scalene,
    rule: "isosceles",
    combos: bases.map((a) => [a, a]),
    solve: (a, b) => thirdAngle(a!, b!),
  },
  "numbers/recA": {
    weight: 4,
    question: "find the area",
    sketch: sketches.rectangle,
    rule: "rectangle",
    combos: large.map((a) => [a, 2]),
    solve: (a, b) => [fact(a!, "*", b!)],
  },
  "numbers/triA": {
    weight: 4,
    question: "find the area",
    sketch: sketches.height,
    rule: "half",
    combos: large.map((a) => [a, 2]),
    solve: (a, b) => chain(fact(a!, "*", b!), (product) => fact(product, "/", 2)),
  },
  "figures/right": {
    weight: 3,
    question: angle,
    sketch: hardSketches.angleAbove,
    rule: "right",
    combos: tens(80).map((a) => [a]),
    solve: (a) => [fact(90, "-", a!)],
  },
  "figures/tri": {
    weight: 3,
    question: angle,
    sketch: hardSketches.apexGiven,
    rule: "scalene",
    combos: allDifferent,
    solve: (a, b) => thirdAngle(a!, b!),
  },
  "figures/iso": {
    weight: 3,
    question: angle,
    sketch: hardSketches.basesGiven,
    rule: "isosceles",
    combos: bases.map((a) => [a, a]),
    solve: (a, b) => thirdAngle(a!, b!),
  },
  "figures/square": {
    weight: 3,
    question: "find the perimeter",
    sketch: hardSketches.square,
    rule: "rectangle",
    // Not 4, whose area is the same number.
    combos: range(2, 9)
      .filter((a) => a !== 4)
      .map((a) => [a]),
    solve: (a) => chain(fact(a!, "+", a!), (sum) => fact(sum, "*", 2)),
  },
  "chains/iso": {
    weight: 3,
    question: angle,
    sketch: hardSketches.baseGiven,
    rule: "isosceles",
    combos: bases.map((a) => [a]),
    solve: (a) => thirdAngle(a!, a!),
  },
  "chains/recP": {
    weight: 3,
    question: "find the perimeter",
    sketch: sketches.rectangle,
    rule: "rectangle",
    // Not 60 in all: 180 − 60 is twice as much.
    combos: pairs(tens(70), tens(70)).filter(([a, b]) => a + b <= 80 && a + b !== 60),
    solve: (a, b) => chain(fact(a!, "+", b!), (sum) => fact(sum, "+", sum)),
  },
  "chains/right": {
    weight: 3,
    question: angle,
    sketch: hardSketches.rightOutside,
    rule: "right",
    combos: tens(80).map((a) => [a]),
    solve: (a) => chain(fact(90, "-", a!), (rest) => fact(180, "-", rest)),
  },
  "chains/outside": {
    weight: 3,
    question: angle,
    sketch: hardSketches.isoscelesOutside,
    combos: range(20, 160, 20).map((a) => [a]),
    solve: (a) => {
      const halves = chain(fact(180, "-", a!), (rest) => fact(rest, "/", 2));
      return [...halves, fact(180, "-", halves[1]!.result)];
    },
  },
} satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof families;

/** The families, in the order of reports. */
export const familyNames = Object.keys(families) as ReadonlyArray<FamilyName>;

function make(name: FamilyName, numbers: Numbers, random: RandomStream): Example {
  const { sketch, question, rule, solve }: Family = families[name];
  const { image } = drawSketch(sketch, numbers, random);
  const steps = solve(...numbers);
  const answer = `${steps.at(-1)!.result}`;
  return {
    id: exampleId(`${name}: ${numbers.join(", ")}`, image),
    family: name,
    image,
    question,
    answer,
    reference: response(answer, [...(rule === undefined ? [] : [rule]), ...steps.map(factText)]),
  };
}

/** Nothing of this world is for training or for choosing settings. */
const testOnly = (combos: ReadonlyArray<Numbers>) => ({ train: [], validation: [], test: combos });

const world = problems("geometry-hard", families, make, testOnly);

/** The first `count` test problems, the same for every run; each 36 hold every level twelve times. */
export const test = (count: number): ReadonlyArray<Example> =>
  world.dataset({ seed: 0, worked: 0, answerOnly: 0, validation: 0, test: count }).test;
