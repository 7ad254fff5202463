/** Every family against the numbers of `transformers`; also reads the folders in the one named by RCPA_EXTRA_GOLDEN. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { families } from "../../../src/models/families/family.ts";
import { generate } from "../../../src/models/generate.ts";
import type { Prompt, Vlm } from "../../../src/models/model.ts";
import {
  batchPrompts,
  disposeModel,
  headOf,
  makeModel,
  promptPass,
} from "../../../src/models/model.ts";
import { loadProcessor } from "../../../src/models/processor.ts";
import {
  layOutResponses,
  responseLogProbabilities,
  rowsPass,
} from "../../../src/models/responses.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { onEngines } from "../../support/engines.ts";
import { pixelsLike } from "../../support/golden-pixels.ts";
import { preparedModels } from "../../support/golden-prompts.ts";
import { values } from "../../support/gradient-check.ts";

const TOLERANCE = 1e-3;
const models = await preparedModels();

it("has a golden model of every family, or of one that is the same but for its name", () => {
  const golden = new Set(models.map(({ family }) => families.get(family)));
  expect(golden).toEqual(new Set(families.values()));
});

describe.each(models)(
  "the processor of $name",
  ({ checkpoint, cases, prompts, reference, folder }) => {
    const { render, tokenizer, encodePrompt } = loadProcessor(checkpoint);
    const numbers = reference();

    it.each(cases)("renders and encodes case $index exactly", (golden) => {
      expect(render(golden.messages)).toBe(golden.renderedPrompt);
      const { ids, images } = prompts[golden.index]!;
      expect(ids).toEqual(golden.promptIds);
      if (golden.imageGrid) expect(images.map(({ grid }) => grid)).toEqual(golden.imageGrid);
      expect(tokenizer.encode(golden.completion)).toEqual(golden.completionIds);
      expect(tokenizer.decode(golden.greedyIds)).toBe(golden.greedyText);
    });

    it.each(cases)("gives the pixel values of case $index", ({ index }) => {
      const { shape, data } = numbers.get(`${index}.pixel_values`)!;
      const found = pixelsLike(shape, prompts[index]!.images, folder.config.vision.mergeSize);
      expect(found.length).toBe(data.length);
      const covered = data.map((value, i) => (Number.isNaN(found[i]) ? Number.NaN : value));
      expect(covered.filter(Number.isFinite).length).toBeGreaterThan(0.9 * data.length);
      const shown = (all: Float32Array) => all.filter((value) => !Number.isNaN(value));
      expectAllClose(shown(found), shown(covered), TOLERANCE, "pixels");
    });

    it("encodes text alone, whether given as a string or as a part", () => {
      const [text, part] = ["Hi", [{ type: "text" as const, text: "Hi" }]];
      const { ids, images } = encodePrompt([{ role: "user", content: text }], []);
      expect(images).toEqual([]);
      expect(tokenizer.decode(ids)).toContain("Hi");
      expect(encodePrompt([{ role: "user", content: part }], []).ids).toEqual(ids);
    });
  },
);

/** Logits at every position of prompt and completion, [position, vocab]. */
function logitsOf(model: Vlm, prompt: Prompt, completion: ReadonlyArray<number>): tf.Tensor2D {
  const batch = batchPrompts([prompt], model.config);
  const state = promptPass(model, batch);
  const { pad } = model.config.tokens;
  // One token more, whatever it is, so that the last one of the completion is taken in.
  const rows = layOutResponses(batch, [[...completion, pad]], completion.length + 1, pad);
  const hidden = rowsPass(model, batch, state, rows);
  return tf.matMul(tf.concat([state.hidden, hidden], 0), headOf(model), false, true);
}

onEngines(["tensorflow-cpu", "wasm"], () => {
  describe.each(models)("$name", ({ folder, cases, prompts, reference }) => {
    const numbers = reference();
    let model: Vlm;
    beforeAll(() => {
      model = makeModel(folder.config, folder.weights);
    });
    afterAll(() => disposeModel(model));

    it.each(cases)("gives the logits of case $index", ({ index, completionIds }) => {
      const prompt = prompts[index]!;
      const tail = numbers.get(`${index}.logits_tail`)!;
      const [positions, vocab] = tail.shape as [number, number];
      const all = values(() => logitsOf(model, prompt, completionIds));
      expectAllClose(all.subarray(all.length - positions * vocab), tail.data, TOLERANCE, "tail");
      const last = all.subarray((prompt.ids.length - 1) * vocab, prompt.ids.length * vocab);
      const expected = numbers.get(`${index}.logits_prompt_last`)!.data;
      expectAllClose(last, expected, TOLERANCE, "last of prompt");
    });

    it.each(cases)("gives the log-probabilities of completion $index", (golden) => {
      const { index, completionIds } = golden;
      const own = values(() => {
        const batch = batchPrompts([prompts[index]!], model.config);
        const state = promptPass(model, batch);
        const time = completionIds.length;
        return responseLogProbabilities(model, batch, state, [completionIds], time);
      });
      expectAllClose(own, numbers.get(`${index}.completion_logprobs`)!.data, TOLERANCE);
    });

    it.each(cases)("generates the greedy tokens of case $index", ({ index, greedyIds }) => {
      const options = { samples: 1, maxTokens: greedyIds.length, temperature: 0, suppressed: [] };
      const [generated] = generate(model, [prompts[index]!], options);
      expect(generated!.ids).toEqual(greedyIds);
    });

    it("generates the same for all cases side by side, twice each", () => {
      const maxTokens = Math.max(...cases.map(({ greedyIds }) => greedyIds.length));
      const options = { samples: 2, maxTokens, temperature: 0, suppressed: [] };
      const generated = generate(model, prompts, options).map(({ ids }) => ids);
      expect(generated).toEqual(cases.flatMap(({ greedyIds }) => [greedyIds, greedyIds]));
    });
  });
});
