/** The part of a response in which its answer is looked for. Evals layer. */
import { statedAnswer } from "../data/worked-text.ts";

/**
 * The answer block or the last `\boxed{…}`; else what comes after the thoughts; else the whole response.
 *
 * Nothing of a response that was cut off within its thoughts: they are on the way to an answer.
 * Wide letters become plain ones, marks of Markdown and of LaTeX text are taken off.
 */
export function said(response: string): string {
  const end = response.lastIndexOf("</think>");
  const bare = end < 0 ? response : response.slice(end + "</think>".length);
  if (bare.trimStart().startsWith("<think>")) return "";
  return (statedAnswer(response) ?? bare)
    .normalize("NFKC")
    .replace(/<\/?answer>/g, " ")
    .replace(/\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}/g, "$1")
    .replace(/\*\*|__|[*`$]/g, "")
    .trim();
}

/** A text as words in lower case: no punctuation but that within numbers, no articles, single spaces. */
export const plainWords = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3}\b)/g, "")
    .replace(/[^\p{L}\p{N}\p{M}.%+/-]+/gu, " ")
    .replace(/(?<!\d)[./+-](?!\d)|[./+-](?!\S)/g, " ")
    .replace(/(?<=^| )(?:a|an|the)(?= |$)/g, " ")
    .trim()
    .replace(/\s+/g, " ");
