/** Answers in words, compared leniently. Rewards layer. */
import { extractAnswer } from "./format.ts";

/**
 * 1 when the answer block has the expected words, whatever the case, articles and punctuation; 0 otherwise.
 *
 * Source: exact match of SQuAD 1.1 (1606.05250), its normalisation of English answers.
 */
export function text(response: string, expected: string): number {
  const given = extractAnswer(response);
  return given !== undefined && wordsOnly(given) === wordsOnly(expected) ? 1 : 0;
}

const wordsOnly = (answer: string): string =>
  answer
    .normalize("NFC")
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, "")
    .replace(/\b(a|an|the)\b/g, " ")
    .trim()
    .split(/\s+/)
    .join(" ");
