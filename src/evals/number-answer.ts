/** Numbers and lists of numbers that a response gives as its answer. Evals layer. */
import { said } from "./said.ts";

const figure = "(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+)(?:\\.\\d+)?(?:e[+-]?\\d+)?|\\.\\d+";
/** A sign counts only where it cannot be a hyphen or a difference: `2007-2008` are two numbers. */
const signed = `(?:(?<![\\p{L}\\p{N}.)])[-−+])?(?:${figure})(?:\\s*/\\s*\\d+(?:\\.\\d+)?)?`;
const small = [
  ...["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
  ...["eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"],
  ...["nineteen", "twenty"],
];

/** LaTeX fractions and minus signs as one types them; letters in lower case. */
const typed = (text: string): string =>
  text
    .replace(/\\[dt]?frac\s*\{\s*([-\d.]+)\s*\}\s*\{\s*([-\d.]+)\s*\}/g, " $1/$2 ")
    .replace(/\\[,;! ]/g, "")
    // The figures of cm², x₁ and 10 m^2 belong to their letters; those of 1e3 do not.
    .replace(/(?<=\p{L})(?<!\d[eE])(?:\^\s?\{?)?\d+\}?/gu, " ")
    .replaceAll("−", "-")
    .replaceAll("⁄", "/")
    .toLowerCase();

/** Every number of a text in its order; a fraction is one number. */
function numbersOf(text: string): ReadonlyArray<number> {
  const found = [...text.matchAll(new RegExp(signed, "gu"))].map(([one]) => {
    const [over, under] = one.replaceAll(",", "").split("/");
    return Number(over!.replace(/\s/g, "")) / (under === undefined ? 1 : Number(under));
  });
  return found.filter(Number.isFinite);
}

/**
 * The number that a response answers with; undefined when it has none.
 *
 * The last "answer is …"; else what follows the last `=` or `≈`; else the last number; else a number
 * word up to twenty. Thousands may have commas, fractions are divided.
 */
export function numberSaid(response: string): number | undefined {
  const text = typed(said(response));
  const form = /\banswer\b[^.\n]{0,80}?(?:\bis\b|\bare\b|\bbe\b|[:=])/g;
  const stated = [...text.matchAll(form)].at(-1);
  const after = stated === undefined ? "" : text.slice(stated.index + stated[0].length);
  const [line = ""] = after.split("\n").filter((one) => one.trim() !== "");
  return (
    lastEqual(line) ??
    numbersOf(line)[0] ??
    wordsOf(line)[0] ??
    lastEqual(text) ??
    numbersOf(text).at(-1) ??
    wordsOf(text).at(-1)
  );
}

/** Numbers in words. */
const wordsOf = (text: string): ReadonlyArray<number> =>
  [...text.matchAll(/\p{L}+/gu)].map(([word]) => small.indexOf(word)).filter((one) => one >= 0);

/** What the last equation of the first line of a text comes to; a calculation before it is not the answer. */
function lastEqual(text: string): number | undefined {
  const at = Math.max(text.lastIndexOf("="), text.lastIndexOf("≈"));
  return at < 0 ? undefined : numbersOf(text.slice(at + 1).split("\n")[0]!)[0];
}

/** The last list in brackets; else the numbers of the last sentence that has any; undefined when there are none. */
export function numbersSaid(response: string): ReadonlyArray<number> | undefined {
  const text = typed(said(response));
  const list = [...text.matchAll(/[[({]([^[\](){}]*)[\])}]/g)]
    .map(([, inner]) => numbersOf(inner!))
    .filter((one) => one.length > 0)
    .at(-1);
  if (list !== undefined) return list;
  const sentences = text.split(/\.(?!\d)|\n/).map(numbersOf);
  return sentences.filter((one) => one.length > 0).at(-1);
}

/** Whether two numbers are one but for the last bits of their arithmetic. */
export const sameNumber = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));

/** `value` with so many decimals, 0 to 20. */
export const rounded = (value: number, decimals: number): number =>
  Number(value.toFixed(Math.min(20, Math.max(0, Math.trunc(decimals)))));
