/** The verifiable reward: whether the answer block holds the expected answer. Rewards layer. */
import { equivalent } from "./equivalence.ts";
import { extractAnswer, normalizeSpace } from "./format.ts";

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+|\d{1,3}(,\d{3})+(\.\d+)?)$/;
/** One letter, alone or as `(B)`, `B.`, `B)`; what follows a mark is the option's text. */
const option = /^\(?([a-z])(?:\)|[.:)](?: .*)?|\) .*)?$/;

/** Largest relative error of a number that is not whole, where nothing else is asked: rounding in the last digits. */
export const TOLERANCE = 1e-6;

/**
 * Whether an answer means what is expected.
 *
 * Equal words, equal decimals (`1,000` is `1000`) and the letter of an option are settled at once;
 * else as quantities with units and percentages, fractions, formulas with π and roots, LaTeX, options,
 * lists and sets. A whole number is never met by tolerance, a number never by a calculation left undone.
 *
 * @param tolerance largest relative error of a number that is not whole
 */
export function sameAnswer(given: string, expected: string, tolerance = TOLERANCE): boolean {
  const [one, other] = [plain(given), plain(expected)];
  if (one === other) return true;
  if (isShortDecimal(one) && isShortDecimal(other)) {
    const [value, wanted] = [numberOf(one), numberOf(other)];
    if (value === wanted) return true;
    return !Number.isInteger(wanted) && Math.abs(value - wanted) <= tolerance * Math.abs(wanted);
  }
  const letter = /^\(?([a-z])[).:]?$/.exec(other)?.[1];
  if (letter !== undefined && option.exec(one)?.[1] === letter) return true;
  return equivalent(given.trim(), expected.trim(), tolerance);
}

/** Single spaces, lower case, no dollar signs around and no full stop behind; minus as on a keyboard. */
function plain(text: string): string {
  const bare = normalizeSpace(
    text
      .normalize("NFC")
      .replace(/\u2212/g, "-")
      .toLowerCase(),
  );
  const inner = /^\$([^$]+)\$$/.exec(bare)?.[1]?.trim() ?? bare;
  return /[^.]\.$/.test(inner) ? inner.slice(0, -1).trim() : inner;
}

/** Short enough for a float to hold every digit. */
const isShortDecimal = (text: string): boolean => text.length <= 15 && decimal.test(text);

const numberOf = (text: string): number => Number(text.replaceAll(",", ""));

/** 1 when the response ends with its only answer block and that holds the expected answer, 0 otherwise. */
export function answer(response: string, expected: string, tolerance = TOLERANCE): number {
  const given = extractAnswer(response);
  return given !== undefined && sameAnswer(given, expected, tolerance) ? 1 : 0;
}
