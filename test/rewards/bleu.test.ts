import { describe, expect, it } from "vitest";
import { sentenceBleu } from "../../src/rewards/bleu.ts";
import { makeCider } from "../../src/rewards/cider.ts";
import { rougeL } from "../../src/rewards/rouge.ts";

const texts = [
  "a red circle and a blue square",
  "the heart is normal in size",
  "no acute disease",
  "a man rides a horse on the beach",
  "one",
];
const cider = makeCider(texts.map((text) => [text]));
const metrics = {
  BLEU: (one: string, other: string) => sentenceBleu(one, [other]),
  "ROUGE-L": (one: string, other: string) => rougeL(one, [other]).fmeasure,
  CIDEr: (one: string, other: string) => cider(one, [other]) / 10,
};

describe.each(Object.entries(metrics))("%s", (name, metric) => {
  it("is largest for a text itself, and in [0, 1]", () => {
    for (const one of texts)
      for (const other of texts) {
        const value = metric(one, other);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(metric(other, other) + 1e-12);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
      }
    if (name !== "CIDEr") expect(texts.map((text) => metric(text, text))).toEqual([1, 1, 1, 1, 1]);
  });

  it("is 0 for nothing, and for nothing in common", () => {
    expect(metric("", texts[0]!)).toBe(0);
    expect(metric(texts[0]!, "")).toBe(0);
    expect(metric("xyz uvw", texts[0]!)).toBe(0);
  });

  it("does not pay for more and more of the same", () => {
    expect(metric(`${texts[1]} ${texts[1]} ${texts[1]}`, texts[1]!)).toBeLessThan(
      metric(texts[1]!, texts[1]!),
    );
  });
});
