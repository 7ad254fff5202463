/** CIDEr-D, with the values of pycocoevalcap 1.2. Rewards layer. */
import { countNgrams, wordsOf } from "./ngrams.ts";

const ORDER = 4;
/** Width of the penalty for a different length, words. */
const SIGMA = 6;

/** Scores a text against references, in [0, 10]. */
export type Cider = (candidate: string, references: ReadonlyArray<string>) => number;

/** A text's runs of each order weighted by how rare they are, with their norms. */
interface Weighted {
  readonly weights: ReadonlyArray<ReadonlyMap<string, number>>;
  readonly norms: ReadonlyArray<number>;
  /** Runs of two words. */
  readonly length: number;
}

/**
 * Learns from a corpus how rare each run of words is; the scorer it gives compares texts by rare runs.
 *
 *   CIDEr-D = 10 · mean over n and references of exp(−Δ²/2σ²) · min(g(c), g(r))·g(r) / (|g(c)| |g(r)|)
 *
 * Words are what stands between spaces: the reference implementation leaves cutting and case to its
 * caller, and so does this one.
 * @param corpus the references of each image; one image alone makes everything 0, as there
 * Source: Vedantam et al. 2015 (CIDEr-D); equal to `pycocoevalcap.cider.CiderScorer`.
 * Memory: every distinct run of up to four words in the corpus.
 */
export function makeCider(corpus: ReadonlyArray<ReadonlyArray<string>>): Cider {
  const documents = new Map<string, number>();
  for (const references of corpus) {
    const ngrams = references.flatMap((text) => countsOf(text).flatMap((one) => [...one.keys()]));
    for (const ngram of new Set(ngrams)) documents.set(ngram, (documents.get(ngram) ?? 0) + 1);
  }
  const most = Math.log(Math.max(1, corpus.length));
  const rarity = (ngram: string) => most - Math.log(Math.max(1, documents.get(ngram) ?? 0));
  return (candidate, references) => {
    const given = weigh(candidate, rarity);
    const scores = references.map((reference) => similarity(given, weigh(reference, rarity)));
    return (10 * scores.reduce((sum, one) => sum + one, 0)) / Math.max(1, references.length);
  };
}

function countsOf(text: string): ReadonlyArray<ReadonlyMap<string, number>> {
  const words = wordsOf(text);
  return Array.from({ length: ORDER }, (_, index) => countNgrams(words, index + 1));
}

function weigh(text: string, rarity: (ngram: string) => number): Weighted {
  const counts = countsOf(text);
  const weights = counts.map(
    (one) => new Map([...one].map(([ngram, count]) => [ngram, count * rarity(ngram)] as const)),
  );
  const norms = weights.map((one) => Math.hypot(...one.values()));
  return { weights, norms, length: [...counts[1]!.values()].reduce((sum, one) => sum + one, 0) };
}

/** Mean over the orders; counts beyond the reference's gain nothing. */
function similarity(given: Weighted, reference: Weighted): number {
  const apart = given.length - reference.length;
  const penalty = Math.exp(-(apart ** 2) / (2 * SIGMA ** 2));
  const orders = given.weights.map((weights, n) => {
    let product = 0;
    for (const [ngram, weight] of weights) {
      const wanted = reference.weights[n]!.get(ngram) ?? 0;
      product += Math.min(weight, wanted) * wanted;
    }
    const norms = given.norms[n]! * reference.norms[n]!;
    return norms === 0 ? 0 : (product / norms) * penalty;
  });
  return orders.reduce((sum, one) => sum + one, 0) / ORDER;
}
