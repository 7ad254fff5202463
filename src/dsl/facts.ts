/** What can be said about artifacts: the open registry of facts, and rules that tell which options imply one. Serves the definition layer. */

const meanings = {
  "dataset.reference": "some training examples carry a worked reference",
  "dataset.answer": "the training examples carry a checkable answer",
} as const;
type Known = typeof meanings;

/**
 * Names (`artifact.fact`) and meanings of all facts. Open: add your own by declaration merging
 * (`declare module "rcpa" { interface Facts { "dataset.boxes": "the examples carry boxes" } }`).
 */
export interface Facts extends Known {}

/** A fact about an artifact of any name: renaming an artifact renames its facts. */
export type FactKey = `${string}.${string}`;

/** Matches whatever is given, as long as something is. */
export const anything: unique symbol = Symbol("anything");

const value: unique symbol = Symbol("value");

/** A value that is also the option's default, so that leaving the option out matches as well. */
export interface OrAbsent<Value> {
  readonly [value]: Value;
}

/** Matches `literal` and an option that is left out; for an option whose default is `literal`. */
export function orAbsent<const Value>(literal: Value): OrAbsent<Value> {
  return { [value]: literal };
}

/** Part of a stage's options as written: literal values, nested as they are. */
export type OptionPattern<Encoded> = Encoded extends object
  ? { readonly [Option in keyof Encoded]?: ValuePattern<Exclude<Encoded[Option], undefined>> }
  : unknown;

type ValuePattern<Encoded> =
  | typeof anything
  | OrAbsent<Encoded>
  | (Encoded extends object ? OptionPattern<Encoded> : Encoded);

/** When a fact applies: always, or unless the options match one of the patterns. */
export type FactRule<Encoded> =
  | "always"
  | { readonly unless: ReadonlyArray<OptionPattern<Encoded>> };

/** The rules of a stage whose options are `Encoded`, by fact. */
export type FactRules<Encoded = unknown> = {
  readonly [Fact in keyof Facts]?: FactRule<Encoded>;
};

/** Facts that a stage with the options `Written` surely requires; what cannot be known is left to the run-time check. */
export type RequiredFacts<Rules, Written> = {
  [Fact in keyof Rules]: Rules[Fact] extends { readonly unless: ReadonlyArray<infer Pattern> }
    ? MatchesAny<Written, Pattern> extends "no"
      ? Fact
      : never
    : Fact;
}[keyof Rules] &
  FactKey;

/** Facts that a stage with the options `Written` may provide; what cannot be known is taken for granted here. */
export type ProvidedFacts<Rules, Written> = {
  [Fact in keyof Rules]: Rules[Fact] extends { readonly unless: ReadonlyArray<infer Pattern> }
    ? "yes" extends MatchesAny<Written, Pattern>
      ? never
      : Fact
    : Fact;
}[keyof Rules] &
  FactKey;

/** The sentence that says what a fact means; a renamed artifact's facts mean what they did. */
export type Meaning<Fact> = Fact extends `${string}.${infer About}`
  ? {
      [Known in keyof Facts]: Known extends `${string}.${About}` ? Facts[Known] : never;
    }[keyof Facts]
  : never;

type MatchesAny<Written, Pattern> = Pattern extends unknown ? Matches<Written, Pattern> : never;

/** "yes" or "no" where the type of what is written tells, else "maybe". */
type Matches<Written, Pattern> = Settled<
  IsAny<Written> extends true
    ? "maybe"
    : Pattern extends typeof anything
      ? "yes"
      : Pattern extends OrAbsent<infer Value>
        ? MatchesValue<Written, Value>
        : MatchesValue<Written, Pattern>
>;

type MatchesValue<Written, Pattern> = Written extends unknown
  ? Pattern extends object
    ? MatchesAll<{
        [Option in keyof Pattern]: Option extends keyof Written
          ? Matches<Written[Option], Pattern[Option]>
          : MatchesAbsent<Pattern[Option]>;
      }>
    : [Written] extends [Pattern]
      ? "yes"
      : Pattern extends Written
        ? "maybe"
        : "no"
  : never;

type MatchesAbsent<Pattern> =
  Pattern extends OrAbsent<unknown>
    ? "yes"
    : Pattern extends object
      ? MatchesAll<{ [Option in keyof Pattern]: MatchesAbsent<Pattern[Option]> }>
      : "no";

type MatchesAll<Verdicts> = "no" extends Verdicts[keyof Verdicts]
  ? "no"
  : Settled<Verdicts[keyof Verdicts]>;

type Settled<Verdict> = [Verdict] extends ["yes"]
  ? "yes"
  : [Verdict] extends ["no"]
    ? "no"
    : "maybe";

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The facts whose rules apply to decoded options. */
export function factsOf(rules: FactRules, options: unknown): ReadonlyArray<FactKey> {
  const without = withheldFacts(rules, options);
  return (Object.keys(rules) as ReadonlyArray<FactKey>).filter((fact) => !(fact in without));
}

/** The facts that decoded options rule out, each with what does: `domain.worked is 0`. */
export function withheldFacts(
  rules: FactRules,
  options: unknown,
): Readonly<Record<string, string>> {
  const found = Object.entries(rules).flatMap(([fact, rule]: [string, FactRule<unknown>]) => {
    const patterns = rule === "always" ? [] : rule.unless;
    const matching = patterns.find((pattern) => matches(options, pattern));
    return matching === undefined ? [] : [[fact, spoken(matching, []).join(" and ")] as const];
  });
  return Object.fromEntries(found);
}

/** A pattern in words, one for each option it speaks of. */
function spoken(pattern: unknown, path: ReadonlyArray<string>): ReadonlyArray<string> {
  const name = path.join(".");
  if (pattern === anything) return [`${name} is given`];
  if (typeof pattern !== "object" || pattern === null) return [`${name} is ${pattern}`];
  if (value in pattern) return [`${name} is ${pattern[value]}`];
  return Object.entries(pattern).flatMap(([key, part]) => spoken(part, [...path, key]));
}

function matches(given: unknown, pattern: unknown): boolean {
  if (pattern === anything) return given !== undefined;
  if (typeof pattern !== "object" || pattern === null) return given === pattern;
  if (value in pattern) return given === pattern[value];
  if (typeof given !== "object" || given === null) return false;
  const fields = given as Readonly<Record<string, unknown>>;
  return Object.entries(pattern).every(([name, part]) => matches(fields[name], part));
}

/** `dataset.reference (some training examples carry a worked reference)`, for messages. */
export function renderFact(fact: string): string {
  const meaning = (meanings as Readonly<Record<string, string>>)[fact];
  return meaning === undefined ? fact : `${fact} (${meaning})`;
}
