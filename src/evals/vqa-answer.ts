/** Short answers as the VQA evaluation compares them: one form, and agreement with ten people. Evals layer. */
import { contractions } from "./contractions.ts";

const marks = [...';/[]"{}()=+\\_-><@`,?!'];
const articles = new Set(["a", "an", "the"]);
const words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const digits = new Map([
  ...words.map((word, value) => [word, `${value}`] as const),
  ["none", "0"] as const,
  ["ten", "10"] as const,
]);

/**
 * The form in which answers are compared.
 *
 * Line ends and tabs are blanks. A mark goes when it stands beside a blank, or when the text has a
 * comma between digits; any other mark becomes a blank. A full stop stays before a digit. Then lower
 * case, number words to ten as digits, no articles, contractions with their apostrophes.
 * Source: the evaluation program of VQA v2 (1612.00837).
 */
export function vqaForm(answer: string): string {
  const text = answer.replace(/[\n\t]/g, " ").trim();
  const thousands = /\d,\d/.test(text);
  const bare = marks.reduce((rest, mark) => {
    const beside = text.includes(`${mark} `) || text.includes(` ${mark}`);
    return rest.replaceAll(mark, beside || thousands ? "" : " ");
  }, text);
  return bare
    .replace(/\.(?!\d)/g, "")
    .toLowerCase()
    .split(/\s+/)
    .map((word) => digits.get(word) ?? word)
    .filter((word) => word !== "" && !articles.has(word))
    .map((word) => contractions.get(word) ?? word)
    .join(" ");
}

/**
 * How far an answer agrees with those of people, in [0, 1].
 *
 * The mean over people of  min(n / 3, 1),  n the others who gave the same answer. Of one person alone
 * it is whether the answers are the same. Both sides are brought to one form; the program itself
 * leaves them as they are when all people agree.
 *
 * @param answer in its form
 */
export function vqaScore(answer: string, people: ReadonlyArray<string>): number {
  const same = people.map((one) => vqaForm(one) === answer);
  const [all, given] = [people.length, same.filter(Boolean).length];
  if (all < 2) return given;
  const credit = (others: number) => Math.min(others / 3, 1);
  return (given * credit(given - 1) + (all - given) * credit(given)) / all;
}
