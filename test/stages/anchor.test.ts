import { beforeAll, describe, expect, it } from "vitest";
import { disposeModel } from "../../src/models/model.ts";
import { type AnchorPool, askBase, drawAnchors } from "../../src/stages/anchor.ts";
import { type Examples, loadExamples } from "../../src/stages/dataset.ts";
import { encodeQuestion, type LoadedModel, loadModel } from "../../src/stages/policy.ts";
import { fewProblems, folderForFile, onBestEngine, writeModel } from "../support/learner.ts";

const dir = folderForFile();
const options = { weight: 1, prompts: 4, images: "domain" as const, pool: 12 };
const pixels = (prompt: AnchorPool["prompts"][number]) =>
  prompt.images.map(({ patches }) => patches.join()).join();

onBestEngine();
beforeAll(() => {
  writeModel(dir);
});

function withBase<A>(body: (base: LoadedModel) => A): A {
  const base = loadModel(dir);
  try {
    return body(base);
  } finally {
    disposeModel(base.vlm);
  }
}

const ask = (
  seed = 1,
  examples: Examples = loadExamples(fewProblems),
  images: "domain" | "general" | "both" = "domain",
) => withBase((base) => askBase(base, examples, { ...options, images }, 6, seed));

/** The domain's training images as the model sees them. */
const trainingPixels = () =>
  withBase(({ processor }) => {
    const { train } = loadExamples(fewProblems).domain;
    return new Set(train.map(({ image }) => pixels(encodeQuestion(processor, "read", image))));
  });

/** The examples with a getter that fails on everything the anchor has no business with. */
function guarded(): Examples {
  const examples = loadExamples(fewProblems);
  const forbidden = (): never => {
    throw new Error("the anchor read held-out or general examples");
  };
  const { train } = examples.domain;
  return {
    worked: [],
    domain: Object.defineProperties({ train } as unknown as Examples["domain"], {
      validation: { get: forbidden },
      test: { get: forbidden },
    }),
    general: Object.defineProperties(
      { question: examples.general.question } as unknown as Examples["general"],
      { validation: { get: forbidden }, test: { get: forbidden }, example: { get: forbidden } },
    ),
  };
}

describe("askBase", () => {
  it("is the same for equal seeds and another for another", () => {
    expect(ask(1)).toEqual(ask(1));
    expect(ask(2).ids).not.toEqual(ask(1).ids);
  });

  it("asks about unlabelled general images, all or half of the time, when told to", () => {
    const training = trainingPixels();
    const ofDomain = (images: "general" | "both") =>
      ask(1, undefined, images).prompts.filter((prompt) => training.has(pixels(prompt))).length;
    expect(ofDomain("general")).toBe(0);
    expect(ofDomain("both")).toBe(6);
  });

  it("asks general questions about training images of the domain, and reads nothing else", () => {
    const pool = ask(1, guarded());
    expect(pool.prompts).toHaveLength(12);
    expect(pool.ids).toHaveLength(12);
    const shown = new Set(pool.prompts.map(pixels));
    const training = trainingPixels();
    expect(shown.size).toBeGreaterThan(3);
    expect([...shown].filter((image) => !training.has(image))).toEqual([]);
    for (const ids of pool.ids) {
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.length).toBeLessThanOrEqual(6);
    }
  });
});

describe("drawAnchors", () => {
  it("draws pairs that belong together, the same for a step, others for the next", () => {
    const pool = ask();
    const drawn = drawAnchors(pool, 5, 1, "grpo", 3);
    drawn.prompts.forEach((prompt, row) => {
      const places = pool.prompts.flatMap((own, index) => (own === prompt ? [index] : []));
      expect(places.map((index) => pool.ids[index])).toContain(drawn.ids[row]);
    });
    expect(drawAnchors(pool, 5, 1, "grpo", 3)).toEqual(drawn);
    expect(drawAnchors(pool, 5, 1, "grpo", 4)).not.toEqual(drawn);
  });
});
