/** The count of operations against the products that the engine really does. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  adapterFlops,
  decodeFlops,
  type PromptShape,
  promptFlops,
  responseFlops,
  visionFlops,
} from "../../src/models/flops.ts";
import type { Grid } from "../../src/models/image-patches.ts";
import { unfrozen } from "../../src/models/layout.ts";
import { newAdapter } from "../../src/models/lora/adapter.ts";
import { chosenTargets } from "../../src/models/lora/targets.ts";
import {
  adapted,
  batchPrompts,
  disposeModel,
  headOf,
  makeModel,
  type PromptState,
  promptPass,
  type Vlm,
} from "../../src/models/model.ts";
import { decodeStep, responseLogProbabilities } from "../../src/models/responses.ts";
import { gradients } from "../../src/tensor/gradient.ts";
import { release } from "../../src/tensor/memory.ts";
import { chooseTokens } from "../../src/tensor/ops/choose.ts";
import { countFlops } from "../support/engine-counts.ts";
import { preparedModels } from "../support/golden-prompts.ts";
import { onBestEngine } from "../support/learner.ts";

const samples = 3;
const time = 5;
const models = await preparedModels();

onBestEngine();

describe.each(models)("the count for $name", ({ folder, prompts }) => {
  const batch = batchPrompts(prompts, folder.config);
  const responses = Array.from({ length: samples * prompts.length }, () => Array(time).fill(7));
  const grids = batch.images.map(({ grid }) => grid as Grid);
  const shape: PromptShape = { prompts: prompts.length, time: batch.time, grids };
  let model: Vlm;
  beforeAll(() => {
    model = makeModel(folder.config, folder.weights);
  });
  afterAll(() => disposeModel(model));

  const score = () =>
    responseLogProbabilities(model, batch, promptPass(model, batch), responses, time);
  const scored = (part: "forward" | "backward") =>
    promptFlops(shape, folder.config)[part] +
    responseFlops(shape, { samples, time }, folder.config)[part];

  it("is exact for scoring responses", () => {
    const counted = countFlops(() => tf.dispose(tf.tidy(score)));
    expect(scored("forward")).toBe(counted);
  });

  it("is exact for training on them", () => {
    const counted = countFlops(() => {
      const { byName } = gradients(() => tf.sum(score()) as tf.Scalar, model.parameters);
      release([...byName.values()]);
    });
    expect(scored("forward") + scored("backward")).toBe(counted);
  });

  it("leaves out the gradient of a frozen vision tower", () => {
    const trained = unfrozen(model.parameters, ["vision", "projector"]);
    const counted = countFlops(() => {
      const { byName } = gradients(() => tf.sum(score()) as tf.Scalar, trained);
      release([...byName.values()]);
    });
    const frozen = visionFlops(grids, folder.config).backward;
    expect(scored("forward") + scored("backward") - frozen).toBe(counted);
  });

  it.each([
    ["text", ["text"]],
    ["all parts", ["vision", "projector", "text"]],
  ] as const)(
    "is near for training an adapter on %s, far below that of all weights",
    (_, parts) => {
      const targets = chosenTargets(folder.config, "all-linear", parts);
      const settings = { rank: 4, alpha: 8, dropout: 0, rankStabilized: false };
      const learner = adapted(model, newAdapter(targets, settings, "", 1), true);
      const counted = countFlops(() => {
        const loss = () => {
          const state = promptPass(learner, batch);
          return tf.sum(
            responseLogProbabilities(learner, batch, state, responses, time),
          ) as tf.Scalar;
        };
        const { byName } = gradients(loss, learner.adapter!.parameters);
        release([...byName.values()]);
      });
      disposeModel(learner);
      const shapeOf = { rank: 4, targets };
      const { forward, backward } = adapterFlops(shape, { samples, time }, folder.config, shapeOf);
      expect((forward + backward) / counted).toBeGreaterThan(0.9);
      expect((forward + backward) / counted).toBeLessThan(1.1);
      expect(counted).toBeLessThan(scored("forward") + scored("backward"));
    },
  );

  it("is exact for generating, step by step", () => {
    let state: PromptState | undefined;
    const prefill = countFlops(() => {
      state = promptPass(model, batch);
    });
    expect(promptFlops(shape, folder.config).forward).toBe(prefill);
    const inputs = new Int32Array(prompts.length * samples).fill(7);
    let past: Parameters<typeof decodeStep>[3];
    for (const step of [0, 1, 2]) {
      const counted = countFlops(() => {
        const next = decodeStep(model, batch, state!, past, inputs, step);
        const allowed = new Int32Array(folder.config.text.vocabSize).fill(1);
        const uniforms = new Float32Array(inputs.length);
        chooseTokens(next.hidden, headOf(model), { temperature: 0, allowed, uniforms });
        release(next.hidden);
        past = next.caches;
      });
      expect(decodeFlops(shape, samples, step, folder.config)).toBe(counted);
    }
    release(past, state);
  });
});
