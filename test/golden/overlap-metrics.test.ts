/** BLEU, ROUGE-L, CIDEr-D and the shaping rewards against sacrebleu, rouge-score, pycocoevalcap and TRL. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BleuSmoothing, corpusBleu, sentenceBleu } from "../../src/rewards/bleu.ts";
import { makeCider } from "../../src/rewards/cider.ts";
import { cosineScaled, softOverlong } from "../../src/rewards/length.ts";
import { repetitionPenalty } from "../../src/rewards/repetition.ts";
import { rougeL } from "../../src/rewards/rouge.ts";

interface Fixture {
  readonly corpus: { readonly bleu: Record<BleuSmoothing, number>; readonly cider: number };
  readonly pairs: ReadonlyArray<{
    readonly candidate: string;
    readonly references: ReadonlyArray<string>;
    readonly bleu: Record<BleuSmoothing, number>;
    readonly rougeL: Record<"precision" | "recall" | "fmeasure", number>;
    readonly cider: number;
  }>;
  readonly shaping: {
    readonly completions: ReadonlyArray<ReadonlyArray<number>>;
    readonly repetition: ReadonlyArray<{ ngram: number; values: ReadonlyArray<number> }>;
    readonly lengths: ReadonlyArray<number>;
    readonly overlong: ReadonlyArray<{ limit: number; buffer: number; values: Array<number> }>;
    readonly cosine: ReadonlyArray<{ limit: number; right: number; values: Array<number> }>;
  };
}

const path = join(import.meta.dirname, "overlap-metrics.json");
const { corpus, pairs, shaping } = JSON.parse(readFileSync(path, "utf8")) as Fixture;
const methods = ["exp", "floor", "add-k", "none"] as const;

/** The texts whose number differs by more than 1e-6. */
const apart = (
  ours: (pair: Fixture["pairs"][number]) => number,
  theirs: (pair: Fixture["pairs"][number]) => number,
) => pairs.filter((pair) => !(Math.abs(ours(pair) - theirs(pair)) <= 1e-6)).map((p) => p.candidate);

it("has enough pairs, right and wrong, with one reference and with several", () => {
  expect(pairs.length).toBeGreaterThanOrEqual(60);
  expect(pairs.filter(({ references }) => references.length > 1).length).toBeGreaterThan(10);
  expect(pairs.filter(({ bleu }) => bleu.exp > 0 && bleu.exp < 1).length).toBeGreaterThan(30);
});

describe("BLEU", () => {
  it.each(methods)("of a sentence is sacrebleu's, smoothed by %s", (method) => {
    const ours = (pair: Fixture["pairs"][number]) =>
      sentenceBleu(pair.candidate, pair.references, method);
    expect(apart(ours, ({ bleu }) => bleu[method])).toEqual([]);
  });

  it.each(methods)("of the corpus is sacrebleu's, smoothed by %s", (method) => {
    const all = pairs.map(({ candidate, references }) => [candidate, references] as const);
    expect(corpusBleu(all, method)).toBeCloseTo(corpus.bleu[method], 6);
  });
});

describe("ROUGE-L", () => {
  it.each(["precision", "recall", "fmeasure"] as const)("has rouge-score's %s", (part) => {
    const ours = (pair: Fixture["pairs"][number]) => rougeL(pair.candidate, pair.references)[part];
    expect(apart(ours, (pair) => pair.rougeL[part])).toEqual([]);
  });
});

describe("CIDEr-D", () => {
  const cider = makeCider(pairs.map(({ references }) => references));

  it("of each text is pycocoevalcap's", () => {
    const ours = (pair: Fixture["pairs"][number]) => cider(pair.candidate, pair.references);
    expect(apart(ours, (pair) => pair.cider)).toEqual([]);
  });

  it("of the corpus is the mean", () => {
    const scores = pairs.map(({ candidate, references }) => cider(candidate, references));
    const mean = scores.reduce((sum, one) => sum + one, 0) / scores.length;
    expect(mean).toBeCloseTo(corpus.cider, 6);
  });
});

describe("shaping", () => {
  it("punishes repetition as TRL does", () => {
    for (const { ngram, values } of shaping.repetition) {
      shaping.completions.forEach((tokens, at) => {
        expect(repetitionPenalty(tokens, ngram)).toBeCloseTo(values[at]!, 9);
      });
    }
  });

  it("scales correctness by length as TRL does", () => {
    expect(shaping.cosine).toHaveLength(4);
    for (const { limit, right, values } of shaping.cosine) {
      expect(values).toHaveLength(shaping.lengths.length);
      shaping.lengths.forEach((tokens, at) => {
        expect(cosineScaled(right, tokens, limit)).toBeCloseTo(values[at]!, 9);
      });
    }
  });

  it("punishes length as TRL does", () => {
    for (const { limit, buffer, values } of shaping.overlong) {
      const ours = shaping.lengths.map((tokens) => softOverlong(tokens, limit, buffer));
      ours.forEach((value, at) => {
        expect(value).toBeCloseTo(values[at]!, 9);
      });
    }
  });
});
