/** Whole models: the gradient that is computed again against the one that was kept, and what it holds meanwhile. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { stream } from "../../../src/core/seed.ts";
import { newAdapter, withDropout } from "../../../src/models/lora/adapter.ts";
import { targetsOf } from "../../../src/models/lora/targets.ts";
import {
  adapted,
  batchPrompts,
  disposeModel,
  makeModel,
  promptPass,
  type Vlm,
} from "../../../src/models/model.ts";
import { responseLogProbabilities } from "../../../src/models/responses.ts";
import { gradients } from "../../../src/tensor/gradient.ts";
import { release } from "../../../src/tensor/memory.ts";
import type { Parameters } from "../../../src/tensor/parameters.ts";
import { onEngines } from "../../support/engines.ts";
import { type PreparedModel, preparedModels } from "../../support/golden-prompts.ts";

const models = await preparedModels();

/** Gradients of the likelihood of all completions, two to a prompt, as arrays, and the most bytes that were held. */
function measured(model: Vlm, { prompts, cases }: PreparedModel, of: Parameters, again: boolean) {
  const ids = cases.flatMap(({ completionIds }) => [completionIds, completionIds.slice(0, 3)]);
  const time = Math.max(...ids.map(({ length }) => length));
  let most = 0;
  const loss = () => {
    const batch = batchPrompts(prompts, model.config);
    const state = promptPass(model, batch);
    const sum = tf.neg(tf.sum(responseLogProbabilities(model, batch, state, ids, time)));
    most = tf.memory().numBytes;
    return sum as tf.Scalar;
  };
  const result = gradients(loss, of, again);
  const byName = [...result.byName].map(([name, tensor]) => [name, tensor.dataSync().slice()]);
  release([...result.byName.values()]);
  return { loss: result.loss, byName: Object.fromEntries(byName), most };
}

onEngines(["tensorflow-cpu"], () => {
  describe.each(models)("$name", (golden) => {
    const { config, weights } = golden.folder;

    it("has the same gradients, bit by bit, and holds less for them", () => {
      const model = makeModel(config, weights);
      const [kept, again] = [false, true].map((recompute) =>
        measured(model, golden, model.parameters, recompute),
      );
      expect(again!.loss).toBe(kept!.loss);
      expect(again!.byName).toEqual(kept!.byName);
      expect(again!.most).toBeLessThan(kept!.most);
      disposeModel(model);
    });

    it("has them for an adapter with dropout as well: what is dropped is dropped again", () => {
      const settings = { rank: 2, alpha: 4, dropout: 0.3, rankStabilized: false };
      const arrays = newAdapter(targetsOf(config), settings, "", 1);
      const random = stream(5, "b");
      for (const { b } of arrays.pairs.values()) {
        for (let i = 0; i < b.data.length; i++) b.data[i] = 0.1 * random.normal();
      }
      const base = makeModel(config, weights);
      const model = adapted(base, arrays, true);
      const { parameters } = model.adapter!;
      const [kept, again] = [false, true].map((recompute) =>
        withDropout(
          model.adapter,
          () => stream(9),
          () => measured(model, golden, parameters, recompute),
        ),
      );
      expect(again!.byName).toEqual(kept!.byName);
      disposeModel(model);
      disposeModel(base);
    });
  });
});
