/** Qwen2.5-VL against the numbers of `transformers`; also reads the folder named by RCPA_EXTRA_GOLDEN. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../src/models/generate.ts";
import type { Prompt, Vlm } from "../../src/models/model.ts";
import {
  batchPrompts,
  disposeModel,
  headOf,
  makeModel,
  promptPass,
  responseLogProbabilities,
  responsePass,
} from "../../src/models/model.ts";
import { expectAllClose } from "../support/allclose.ts";
import { onEngines } from "../support/engines.ts";
import { preparedModels } from "../support/golden-prompts.ts";
import { values } from "../support/gradient-check.ts";

const TOLERANCE = 1e-3;
const models = await preparedModels("qwen2_5_vl");

/** Logits at every position of prompt and completion, [position, vocab]. */
function logitsOf(model: Vlm, prompt: Prompt, completion: ReadonlyArray<number>): tf.Tensor2D {
  const batch = batchPrompts([prompt], model.config);
  const state = promptPass(model, batch);
  const inputs = Int32Array.of(prompt.ids.at(-1)!, ...completion);
  const hidden = responsePass(model, batch, state, inputs, inputs.length);
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
