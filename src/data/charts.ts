/** A second domain world: seven families of questions about small bar charts, in two difficulties. Data layer. */
import type { RandomStream } from "../core/seed.ts";
import { chain, type Fact, fact, factText, pairs, range } from "./arithmetic.ts";
import { type Bar, drawBars } from "./bars.ts";
import { type Example, exampleId, response } from "./example.ts";
import type { ColorName } from "./grid.ts";
import { type Family as AnyFamily, type Numbers, problems } from "./problems.ts";
import { colors } from "./vocabulary.ts";

/** One kind of question: which bars it is about, and how it is solved. */
interface Family extends AnyFamily {
  /** Asks for the bars of these colours, or for the whole chart. */
  readonly question: (first: ColorName, second: ColorName) => string;
  /** The word that opens the solution. */
  readonly rule: string;
  /** Whether the combination comes in any order; the first number is then the first one asked for. */
  readonly anyOrder: boolean;
  /** What a further bar of the chart may show. */
  readonly others: (...numbers: Array<number>) => Numbers;
  /** The chain of facts; the last result is the answer. */
  readonly solve: (...numbers: Array<number>) => ReadonlyArray<Fact>;
}

const barCount = 3;
const digits = range(2, 9);
const tens = range(10, 180, 10);
const small = range(2, 20);
const even = range(2, 98, 2);

/** The values at most four times as high or as low as each number, and none of them. */
const comparable =
  (values: Numbers) =>
  (...numbers: Array<number>): Numbers =>
    values.filter(
      (value) => !numbers.includes(value) && numbers.every((n) => value <= 4 * n && n <= 4 * value),
    );

/** Pairs of digits and pairs of tens, the smaller one first: one combination in either order. */
const summable = [
  ...pairs(digits, digits),
  ...pairs(range(10, 90, 10), range(10, 90, 10)).filter(([a, b]) => a + b <= 160),
].filter(([a, b]) => a <= b);

/** Further bars beside a pair: of its own size. */
const besidePair = (a: number, b: number): Numbers => comparable(a < 10 ? digits : tens)(a, b);

/** The longest bar, one of those whose differences the general world teaches, and the shortest. */
const spans = pairs([90, 100, 120, 150, 180], tens).filter(([most, least]) => most - least >= 20);
const between = (most: number, least: number): Numbers =>
  tens.filter((value) => least < value && value < most);

/** Three tens in rising order whose sums, in any order, are facts. */
const triples = summable
  .flatMap(([a, b]) => range(b, 80, 10).map((c) => [a, b, c] as const))
  .filter(([a, b, c]) => a >= 10 && b + c <= 120 && a + b + c <= 160);

const families = {
  double: {
    weight: 3,
    question: (first) => `find double the ${first} rectangle`,
    rule: "double",
    anyOrder: false,
    combos: small.map((a) => [a]),
    others: comparable(small),
    solve: (a) => [fact(a!, "*", 2)],
  },
  half: {
    weight: 3,
    question: (first) => `find half the ${first} rectangle`,
    rule: "half",
    anyOrder: false,
    combos: even.map((a) => [a]),
    others: comparable(even),
    solve: (a) => [fact(a!, "/", 2)],
  },
  sum: {
    weight: 4,
    question: (first, second) => `find the ${first} and ${second} rectangle`,
    rule: "add",
    anyOrder: true,
    combos: summable,
    others: (a, b) => besidePair(a!, b!),
    solve: (a, b) => [fact(a!, "+", b!)],
  },
  span: {
    weight: 3,
    question: () => "find the diameter",
    rule: "subtract",
    anyOrder: false,
    combos: spans,
    others: (most, least) => between(most!, least!),
    solve: (most, least) => [fact(most!, "-", least!)],
  },
  mean: {
    weight: 3,
    question: (first, second) => `find half the ${first} and ${second} rectangle`,
    rule: "half",
    anyOrder: true,
    combos: summable.filter(([a, b]) => (a + b) % 2 === 0),
    others: (a, b) => besidePair(a!, b!),
    solve: (a, b) => chain(fact(a!, "+", b!), (sum) => fact(sum, "/", 2)),
  },
  radius: {
    weight: 3,
    question: () => "find the radius",
    rule: "radius",
    anyOrder: false,
    combos: spans,
    others: (most, least) => between(most!, least!),
    solve: (most, least) => chain(fact(most!, "-", least!), (span) => fact(span, "/", 2)),
  },
  total: {
    weight: 3,
    question: () => "find the area",
    rule: "area",
    anyOrder: true,
    combos: triples,
    others: () => [],
    solve: (a, b, c) => chain(fact(a!, "+", b!), (sum) => fact(sum, "+", c!)),
  },
} satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof families;

/** The families, in the order of reports. */
export const familyNames = Object.keys(families) as ReadonlyArray<FamilyName>;

/** A chart's bars: those of the problem first, then further ones, each of its own colour. */
function barsOf(asked: Numbers, { others }: Family, random: RandomStream): ReadonlyArray<Bar> {
  const further = random.shuffle(others(...asked)).slice(0, barCount - asked.length);
  const hues = random.shuffle(colors);
  return [...asked, ...further].map((value, index) => ({ value, color: hues[index]! }));
}

/** A question about a chart with its worked reference, drawn with the given randomness. */
function make(name: FamilyName, numbers: Numbers, random: RandomStream): Example {
  const family: Family = families[name];
  const asked = family.anyOrder ? random.shuffle(numbers) : numbers;
  const bars = barsOf(asked, family, random);
  // Sums over the whole chart run from the left to the right, so that one reading order is right.
  const placed = asked.length === bars.length ? bars : random.shuffle(bars);
  const { image } = drawBars(placed, random);
  const question = family.question(bars[0]!.color, bars[1]!.color);
  const steps = family.solve(...asked);
  const answer = `${steps.at(-1)!.result}`;
  return {
    id: exampleId(`${name}: ${numbers.join(", ")}: ${question}`, image),
    family: name,
    image,
    question,
    answer,
    reference: response(answer, [family.rule, ...steps.map(factText)]),
  };
}

const world = problems("charts", families, make);

/**
 * The number combinations of every family and split, for one or two bars or the whole chart.
 *
 * A held-out combination never occurs in training under its family, in whatever order of bars.
 */
export const combos = world.combos;

/** Example `index` of the endless stream of a split, with its reference. */
export const example = world.example;

/** Training problems drawn from a seed, with the validation and test problems of every seed. */
export const dataset = world.dataset;
