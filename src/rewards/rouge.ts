/** ROUGE-L, with the values of rouge-score 0.1.2. Rewards layer. */
import { wordsOf } from "./ngrams.ts";

/** How much of the candidate, and of the reference, the longest common subsequence is. */
export interface RougeL {
  readonly precision: number;
  readonly recall: number;
  /** Their harmonic mean, in [0, 1]. */
  readonly fmeasure: number;
}

/**
 * ROUGE-L of a text against the reference it is most like.
 *
 * Words are runs of a–z and 0–9 in lower case, not stemmed.
 * Source: Lin 2004; equal to `rouge_score.RougeScorer(["rougeL"]).score_multi`.
 */
export function rougeL(candidate: string, references: ReadonlyArray<string>): RougeL {
  const words = tokenize(candidate);
  return references
    .map((reference) => scoreOf(words, tokenize(reference)))
    .reduce((best, one) => (one.fmeasure > best.fmeasure ? one : best), none);
}

const none: RougeL = { precision: 0, recall: 0, fmeasure: 0 };

const tokenize = (text: string): ReadonlyArray<string> =>
  wordsOf(text.toLowerCase().replace(/[^a-z0-9]+/g, " "));

function scoreOf(words: ReadonlyArray<string>, reference: ReadonlyArray<string>): RougeL {
  const common = longestCommon(words, reference);
  if (common === 0) return none;
  const [precision, recall] = [common / words.length, common / reference.length];
  return { precision, recall, fmeasure: (2 * precision * recall) / (precision + recall) };
}

/** Length of the longest common subsequence, row by row. */
function longestCommon(one: ReadonlyArray<string>, other: ReadonlyArray<string>): number {
  let previous = new Uint32Array(other.length + 1);
  for (const word of one) {
    const row = new Uint32Array(other.length + 1);
    for (let at = 1; at <= other.length; at++) {
      row[at] =
        word === other[at - 1] ? previous[at - 1]! + 1 : Math.max(previous[at]!, row[at - 1]!);
    }
    previous = row;
  }
  return previous[other.length]!;
}
