/** BLEU of a sentence and of a corpus, with the values of sacrebleu 2.6. Rewards layer. */
import { countNgrams, wordsOf } from "./ngrams.ts";

/**
 * What an order without a match counts: `exp` 1/2, 1/4, … (NIST), `floor` 0.1, `add-k` one more match
 * and one more run from order 2 on, `none` nothing.
 */
export type BleuSmoothing = "exp" | "floor" | "add-k" | "none";

const ORDER = 4;
const FLOOR = 0.1;
const ADDED = 1;

/** Matches and totals by order, and lengths, words. */
interface Statistics {
  readonly matches: ReadonlyArray<number>;
  readonly totals: ReadonlyArray<number>;
  readonly length: number;
  readonly referenceLength: number;
}

/**
 * BLEU-4 of one text against one or more references, orders that the text is too short for left out.
 *
 * Words as sacrebleu's `13a` (mteval-v13a) cuts them, case kept.
 * @returns in [0, 1]
 * Source: Papineni et al. 2002; smoothing Chen & Cherry, WMT 2014; equal to
 *   `sacrebleu.sentence_bleu(…, use_effective_order=True) / 100`.
 */
export function sentenceBleu(
  candidate: string,
  references: ReadonlyArray<string>,
  smoothing: BleuSmoothing = "exp",
): number {
  return score(statistics(candidate, references), smoothing, true);
}

/**
 * BLEU-4 of a corpus: counts are added up before precisions are taken.
 *
 * @param pairs each text with its references
 * @returns in [0, 1]; equal to `sacrebleu.corpus_bleu / 100`
 */
export function corpusBleu(
  pairs: ReadonlyArray<readonly [candidate: string, references: ReadonlyArray<string>]>,
  smoothing: BleuSmoothing = "exp",
): number {
  const all = pairs.map(([candidate, references]) => statistics(candidate, references));
  const sum = (of: (one: Statistics) => number) => all.reduce((total, one) => total + of(one), 0);
  const added: Statistics = {
    matches: orders.map((_, at) => sum(({ matches }) => matches[at]!)),
    totals: orders.map((_, at) => sum(({ totals }) => totals[at]!)),
    length: sum(({ length }) => length),
    referenceLength: sum(({ referenceLength }) => referenceLength),
  };
  return score(added, smoothing, false);
}

const orders = Array.from({ length: ORDER }, (_, index) => index + 1);

function statistics(candidate: string, references: ReadonlyArray<string>): Statistics {
  const words = tokenize(candidate);
  const others = references.map(tokenize);
  const matches = orders.map((n) => matchesOf(n, words, others));
  const totals = orders.map((n) => Math.max(0, words.length - n + 1));
  const lengths = others.map((other) => other.length);
  return { matches, totals, length: words.length, referenceLength: closest(words.length, lengths) };
}

/** Runs that occur in a reference as well, each as often as in the reference that has most of it. */
function matchesOf(
  n: number,
  words: ReadonlyArray<string>,
  references: ReadonlyArray<ReadonlyArray<string>>,
): number {
  const counts = references.map((reference) => countNgrams(reference, n));
  let matches = 0;
  for (const [ngram, count] of countNgrams(words, n)) {
    const most = Math.max(0, ...counts.map((one) => one.get(ngram) ?? 0));
    matches += Math.min(count, most);
  }
  return matches;
}

/** The length nearest to `length`; of two equally near the shorter. */
function closest(length: number, others: ReadonlyArray<number>): number {
  const distance = (other: number) => Math.abs(other - length);
  return others.toSorted((a, b) => distance(a) - distance(b) || a - b)[0] ?? 0;
}

function score(statistics: Statistics, smoothing: BleuSmoothing, effective: boolean): number {
  const { matches, totals, length, referenceLength } = statistics;
  if (!matches.some((count) => count > 0)) return 0;
  let [halved, used, logs] = [1, ORDER, 0];
  const precisions: Array<number> = [];
  for (const [at, count] of matches.entries()) {
    const added = smoothing === "add-k" && at > 0 ? ADDED : 0;
    const [right, total] = [count + added, totals[at]! + added];
    if (total === 0) break;
    if (effective) used = at + 1;
    if (right === 0 && smoothing === "exp") halved *= 2;
    const missed = { exp: 1 / halved, floor: FLOOR, "add-k": 0, none: 0 }[smoothing];
    precisions.push((right === 0 ? missed : right) / total);
  }
  for (let at = 0; at < used; at++) logs += Math.log(precisions[at] ?? 0);
  const brevity = length < referenceLength ? Math.exp(1 - referenceLength / length) : 1;
  return brevity * Math.exp(logs / used);
}

const entities: ReadonlyArray<readonly [string, string]> = [
  ["&quot;", '"'],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
];

/** mteval-v13a: signs apart, points and commas apart unless within a number. */
function tokenize(text: string): ReadonlyArray<string> {
  const joined = text
    .trimEnd()
    .replaceAll("<skipped>", "")
    .replaceAll("-\n", "")
    .replaceAll("\n", " ");
  const plain = entities.reduce((line, [name, sign]) => line.replaceAll(name, sign), joined);
  return wordsOf(
    ` ${plain} `
      .replace(/([{-~[-` -&(-+:-@/])/g, " $1 ")
      .replace(/([^0-9])([.,])/g, "$1 $2 ")
      .replace(/([.,])([^0-9])/g, " $1 $2")
      .replace(/([0-9])(-)/g, "$1 $2 "),
  );
}
