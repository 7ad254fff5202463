/** Finished numbers, with their unit where they have one, compared exactly. Rewards layer. */
import Fraction from "fraction.js";
import { readUnit, type Unit } from "./unit.ts";

/** A number that needs no more calculation: `1,000`, `-2.5e3`, `3/4`, `1 1/2`, `12.5 %`, `40 cm`. */
export interface Quantity {
  readonly value: Fraction;
  /** Digits behind the point and significant digits of a decimal; undefined for a fraction. */
  readonly digits: { readonly behind: number; readonly significant: number } | undefined;
  /** Written with spaces around the stroke (`140 / 2`): as much a calculation as a number. */
  readonly calculation: boolean;
  readonly unit: Unit | undefined;
}

/** Decimals that stand for another value (`3.14` for π) have at least this many significant digits. */
const LEAST_DIGITS = 3;
const MAX_DIGITS = 60;
const MAX_EXPONENT = 300;

const stroke = "[/⁄]";
const mixed = new RegExp(`^([+-]?)(\\d+) (\\d+)${stroke}(\\d+)`);
const fraction = new RegExp(`^\\(?([+-]?\\d+)(?:${stroke}| (?=/ \\d)/ )([+]?\\d+)\\)?`);
const decimal =
  /^[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d*(?:\(\d{1,9}\)|\.\.\.)?)?|\.\d+)/;
const exponent = /^(?:e([+-]?\d+)(?![\d.])| ?[*x] ?10\^\(?([+-]?\d+)\)?)/i;

/** The quantity that the whole text is, after `plainMath`; undefined for any other text. */
export function readQuantity(text: string): Quantity | undefined {
  const [, minus = "", currency, bare = text] = /^(-?)([$€]) ?(.*)$/.exec(text) ?? [];
  const number = readNumber(minus + bare);
  if (number === undefined) return undefined;
  const rest = (minus + bare).slice(number.length).trim();
  const named = [rest, currency].filter((part) => part !== undefined && part !== "");
  if (named.length === 0) return { ...number, unit: undefined };
  const unit = named.length === 1 ? readUnit(named[0]!) : undefined;
  return unit === undefined ? undefined : { ...number, unit };
}

type Numeral = Omit<Quantity, "unit"> & { readonly length: number };

/** The number a text begins with. */
function readNumber(text: string): Numeral | undefined {
  const [whole, sign, units, above, below] = mixed.exec(text) ?? [];
  if (whole !== undefined) {
    if (BigInt(below!) === 0n || whole.length > MAX_DIGITS) return undefined;
    const value = new Fraction(BigInt(above!), BigInt(below!)).add(BigInt(units!));
    return numeral(sign === "-" ? value.neg() : value, whole);
  }
  const [part, numerator, denominator] = fraction.exec(text) ?? [];
  if (part !== undefined) {
    if (BigInt(denominator!) === 0n || part.length > MAX_DIGITS) return undefined;
    const balanced = part.startsWith("(") === part.endsWith(")");
    const value = new Fraction(BigInt(numerator!), BigInt(denominator!));
    return balanced ? numeral(value, part, part.includes(" ")) : undefined;
  }
  const scaled = powerOfTen.exec(text);
  if (scaled === null) return readDecimal(text);
  const read = readDecimal(`${scaled[1]}1*${text.slice(scaled[1]!.length)}`);
  return read && { ...read, length: read.length - 2, digits: undefined };
}

const numeral = (value: Fraction, { length }: string, calculation = false): Numeral => ({
  ...{ value, length, calculation },
  digits: undefined,
});

/** `10^3` is a number as `1e3` is; any other power is left to be calculated. */
const powerOfTen = /^([+-]?)10\^(?=\(?[+-]?\d)/;

function readDecimal(text: string): Numeral | undefined {
  const [whole] = decimal.exec(text) ?? [];
  if (whole === undefined || whole.length > MAX_DIGITS) return undefined;
  const [power, short, long] = exponent.exec(text.slice(whole.length)) ?? [""];
  const shift = Number(short ?? long ?? 0);
  if (Math.abs(shift) > MAX_EXPONENT) return undefined;
  const { value, repeats } = decimalValue(whole.replaceAll(",", "").replace(/^\+/, ""));
  const digits = /\.(\d*)$/.exec(whole)?.[1]?.length ?? 0;
  const significant = whole.replace(/[^\d]/g, "").replace(/^0+/, "").length;
  return {
    value: value.mul(new Fraction(10).pow(shift)!),
    digits: repeats ? undefined : { behind: digits - shift, significant },
    calculation: false,
    length: whole.length + power.length,
  };
}

/** `0.(3)` and `0.333...` are a third. */
function decimalValue(text: string) {
  const told = /^([+-]?\d*\.\d*?)(\d)\2{2,}\.\.\.$/.exec(text);
  if (told) return { value: new Fraction(`${told[1]}(${told[2]})`), repeats: true };
  const plain = text.replace(/\.\.\.$/, "");
  const repeats = plain.endsWith(")") && plain.includes(".");
  return { value: new Fraction(repeats ? plain : plain.replace(/\(.*|\.$/, "")), repeats };
}

/** Whether a decimal is `value` rounded to the digits it shows, and shows enough of them. */
export function roundsTo(value: number, { value: shown, digits }: Quantity): boolean {
  if (digits === undefined || digits.significant < LEAST_DIGITS || digits.behind < 1) return false;
  const half = 0.5 * 10 ** -digits.behind;
  return Math.abs(value - shown.valueOf()) <= half * (1 + 1e-9);
}

/**
 * Whether two quantities agree, units left out by one of them included.
 *
 * A whole number is met by the same number only, whatever the tolerance.
 */
export function sameQuantity(given: Quantity, expected: Quantity, tolerance: number): boolean {
  const [unit, wanted] = [given.unit, expected.unit];
  if (wanted === undefined && unit?.letter) return false;
  const near = (one: Fraction, other: Fraction) =>
    sameNumber({ ...given, value: one }, { ...expected, value: other }, tolerance);
  if (unit !== undefined && wanted !== undefined) {
    if (unit.dimension !== wanted.dimension) return false;
    return near(given.value.mul(unit.size).div(wanted.size), expected.value);
  }
  if (isPercent(unit)) return asShare(given.value, expected.value, near);
  if (isPercent(wanted)) {
    if (near(given.value, expected.value)) return true;
    return given.value.d !== 1n && near(given.value.mul(100), expected.value);
  }
  return near(given.value, expected.value);
}

const isPercent = (unit: Unit | undefined) => unit?.dimension === "%^1";

/** `50 %` for an expected 0.5 or 50; but 0.5 % is not 0.5. */
function asShare(
  given: Fraction,
  expected: Fraction,
  near: (one: Fraction, other: Fraction) => boolean,
): boolean {
  const whole = expected.d === 1n;
  if (!whole && near(given.div(100), expected)) return true;
  return (whole || expected.abs().compare(1) > 0) && near(given, expected);
}

function sameNumber(given: Quantity, expected: Quantity, tolerance: number): boolean {
  const whole = expected.value.d === 1n;
  if (given.calculation && whole) return false;
  if (given.value.equals(expected.value)) return true;
  if (whole) return false;
  const [one, other] = [given.value.valueOf(), expected.value.valueOf()];
  if (Math.abs(one - other) <= tolerance * Math.abs(other)) return true;
  if (given.digits === undefined && expected.digits !== undefined) return roundsTo(one, expected);
  return given.digits !== undefined && expected.digits === undefined && roundsTo(other, given);
}
