/** Whether two answers mean the same although they are written differently. Rewards layer. */
import { closeTo, constantOf, sameExpression } from "./expression.ts";
import { roundsTo, sameQuantity } from "./quantity.ts";
import type { Unit } from "./unit.ts";
import { readValue, type Value } from "./value.ts";

type Of<Kind extends Value["kind"]> = Extract<Value, { readonly kind: Kind }>;

const MOST = 4096;
const readings = new Map<string, Value>();
const verdicts = new Map<string, boolean>();

/** Looks up or makes; starts afresh when full, since one step's answers are asked about together. */
function remember<A>(known: Map<string, A>, key: string, make: () => A): A {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST) known.clear();
  const made = make();
  known.set(key, made);
  return made;
}

/**
 * Whether `given` means what `expected` means, compared as quantities, formulas, options or lists.
 *
 * A calculation left undone (`7 * 10`) is no answer to a number (`70`): it could restate the question.
 */
export function equivalent(given: string, expected: string, tolerance: number): boolean {
  const read = (text: string, naming: boolean) =>
    remember(readings, `${naming} ${text}`, () => readValue(text, naming));
  return remember(verdicts, `${tolerance}\n${given}\n${expected}`, () => {
    const wanted = read(expected, true);
    return sameValue(read(given, nameOf(wanted) !== undefined), wanted, tolerance);
  });
}

function sameValue(given: Value, expected: Value, tolerance: number): boolean {
  if (nameOf(given) && nameOf(expected) && nameOf(given) !== nameOf(expected)) return false;
  switch (expected.kind) {
    case "quantity":
      return meetsQuantity(given, expected, tolerance);
    case "formula":
      return meetsFormula(given, expected, tolerance);
    case "option":
      return meetsOption(given, expected, tolerance);
    case "list":
      return meetsList(given, expected, tolerance);
    case "words":
      return given.kind === "words" && given.words === expected.words;
  }
}

const nameOf = (value: Value): string | undefined => ("name" in value ? value.name : undefined);

function meetsQuantity(given: Value, { quantity }: Of<"quantity">, tolerance: number): boolean {
  if (given.kind === "quantity") return sameQuantity(given.quantity, quantity, tolerance);
  if (given.kind !== "formula" || !given.formula.symbolic) return false;
  // 2π may stand for 6.28, but √16 does not stand for 4: that is left to be done.
  if (quantity.value.d === 1n || !fits(given.unit, quantity.unit)) return false;
  const value = constantOf(given.formula);
  if (value === undefined) return false;
  return near(value, quantity.value.valueOf(), tolerance) || roundsTo(value, quantity);
}

function meetsFormula(given: Value, expected: Of<"formula">, tolerance: number): boolean {
  if (given.kind === "formula") {
    return fits(given.unit, expected.unit) && sameExpression(given.formula, expected.formula);
  }
  const value = constantOf(expected.formula);
  if (given.kind !== "quantity" || value === undefined) return false;
  const { quantity } = given;
  if (!fits(quantity.unit, expected.unit)) return false;
  const shown = quantity.value.valueOf();
  if (closeTo(shown, value)) return true;
  if (Number.isInteger(Number(value.toPrecision(12)))) return false;
  return near(shown, value, tolerance) || roundsTo(value, quantity);
}

const near = (one: number, other: number, tolerance: number): boolean =>
  Math.abs(one - other) <= tolerance * Math.abs(other);

/** Whether units agree or one is left out; formulas are not converted. */
function fits(unit: Unit | undefined, wanted: Unit | undefined): boolean {
  if (unit === undefined) return true;
  if (wanted === undefined) return !unit.letter;
  return unit.dimension === wanted.dimension && unit.size.equals(wanted.size);
}

/** By the letter; where both say what it stands for, that must agree as well. */
function meetsOption(given: Value, expected: Of<"option">, tolerance: number): boolean {
  const { content } = expected;
  if (given.kind !== "option") return content !== undefined && sameValue(given, content, tolerance);
  if (given.letter !== expected.letter) return false;
  if (content === undefined) return true;
  if (given.content === undefined) return expected.marked;
  return sameValue(given.content, content, tolerance);
}

/** Item by item, in order where it counts; brackets may be left out but not changed. */
function meetsList(given: Value, expected: Of<"list">, tolerance: number): boolean {
  const { brackets, items, order } = expected;
  const one: Of<"list"> =
    given.kind === "list" ? given : { kind: "list", brackets, order: "kept", items: [given] };
  if (one.items.length !== items.length) return false;
  if (one.order === "either" && order !== "either") return false;
  if (one.brackets !== brackets && !loose(one.brackets, brackets)) return false;
  const free = order !== "kept" || (one.order === "free" && brackets === "");
  return free
    ? matchAll(one.items, items, tolerance)
    : one.items.every((item, index) => sameValue(item, items[index]!, tolerance));
}

const loose = (given: string, expected: string): boolean =>
  (given === "" && expected === "()") || (given === "()" && expected === "");

function matchAll(
  given: ReadonlyArray<Value>,
  expected: ReadonlyArray<Value>,
  tolerance: number,
): boolean {
  const left = [...expected];
  return given.every((item) => {
    const at = left.findIndex((other) => sameValue(item, other, tolerance));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}
