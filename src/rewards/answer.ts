/** The verifiable reward: whether the answer block holds the expected answer. Rewards layer. */
import { extractAnswer, normalizeSpace } from "./format.ts";

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+|\d{1,3}(,\d{3})+(\.\d+)?)$/;
/** One letter, alone or as `(B)`, `B.`, `B)`; what follows a mark is the option's text. */
const option = /^\(?([a-z])(?:\)|[.:)](?: .*)?|\) .*)?$/;

/**
 * Whether two answers agree: as numbers when both are decimals (`1,000` is `1000`, `3.0` is `3`), by
 * the letter when one is asked for an option, otherwise word by word, whatever the case and a closing
 * full stop.
 *
 * Fractions, units and formulas are compared as words.
 */
export function sameAnswer(given: string, expected: string): boolean {
  const [one, other] = [plain(given), plain(expected)];
  if (decimal.test(one) && decimal.test(other)) return numberOf(one) === numberOf(other);
  if (one === other) return true;
  const letter = /^\(?([a-z])[).:]?$/.exec(other)?.[1];
  return letter !== undefined && option.exec(one)?.[1] === letter;
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

const numberOf = (text: string): number => Number(text.replaceAll(",", ""));

/** 1 when the response ends with its only answer block and that holds the expected answer, 0 otherwise. */
export function answer(response: string, expected: string): number {
  const given = extractAnswer(response);
  return given !== undefined && sameAnswer(given, expected) ? 1 : 0;
}
