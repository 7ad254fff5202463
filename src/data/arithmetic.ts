/** The single-step arithmetic facts the general world teaches; every step of a worked solution is one of them. Data layer. */
import { numbers, type operators } from "./vocabulary.ts";

/** `left operator right = result`, all whole numbers of the vocabulary. */
export interface Fact {
  readonly left: number;
  readonly operator: (typeof operators)[number];
  readonly right: number;
  readonly result: number;
}

/** The integers from `first` to `last` in steps of `step`. */
export const range = (first: number, last: number, step = 1): ReadonlyArray<number> =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + step * index);

/** The fact with these operands. */
export function fact(left: number, operator: Fact["operator"], right: number): Fact {
  const result = { "+": left + right, "-": left - right, "*": left * right, "/": left / right };
  return { left, operator, right, result: result[operator] };
}

/** A fact in words: `30 + 50 = 80`. */
export const factText = ({ left, operator, right, result }: Fact): string =>
  `${left} ${operator} ${right} = ${result}`;

/** Two steps, the second taking the first one's result. */
export const chain = (first: Fact, second: (result: number) => Fact): ReadonlyArray<Fact> => [
  first,
  second(first.result),
];

/** All pairs of an item of one list with one of the other. */
export const pairs = (
  lefts: ReadonlyArray<number>,
  rights: ReadonlyArray<number>,
): ReadonlyArray<readonly [number, number]> =>
  lefts.flatMap((left) => rights.map((right) => [left, right] as const));

const digits = range(2, 9);
const tens = range(10, 170, 10);

/** All facts: sums and products of 2…9, sums of tens, doubles, whole angles less tens, halves. */
export const facts: ReadonlyArray<Fact> = [
  ...pairs(digits, digits).map(([a, b]) => fact(a, "+", b)),
  ...pairs(range(10, 120, 10), range(10, 120, 10))
    .filter(([a, b]) => a + b <= 160)
    .map(([a, b]) => fact(a, "+", b)),
  ...pairs(digits, digits).map(([a, b]) => fact(a, "*", b)),
  ...range(10, 20).map((a) => fact(a, "*", 2)),
  ...pairs([90, 100, 120, 150, 180], tens)
    .filter(([whole, part]) => part < whole)
    .map(([whole, part]) => fact(whole, "-", part)),
  ...numbers.filter((n) => n > 0 && n % 2 === 0).map((n) => fact(n, "/", 2)),
];
