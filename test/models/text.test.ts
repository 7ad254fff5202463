/** The likelihood of whole texts against one pass over the joined sequence, and its estimates. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PromptShape, textFlops } from "../../src/models/flops.ts";
import type { Grid } from "../../src/models/image-patches.ts";
import { trainingBytes } from "../../src/models/memory.ts";
import {
  batchPrompts,
  disposeModel,
  headOf,
  makeModel,
  promptPass,
  type Vlm,
} from "../../src/models/model.ts";
import { textLogProbabilities, textRows } from "../../src/models/text.ts";
import { gradients } from "../../src/tensor/gradient.ts";
import { release } from "../../src/tensor/memory.ts";
import { logDistribution } from "../../src/tensor/ops/log-probability.ts";
import { expectAllClose } from "../support/allclose.ts";
import { countFlops, peakBytes } from "../support/engine-counts.ts";
import { preparedModels } from "../support/golden-prompts.ts";
import { values } from "../support/gradient-check.ts";
import { onBestEngine } from "../support/learner.ts";

const models = await preparedModels();
const time = 6;

onBestEngine();

describe.each(models)("whole texts of $name", ({ folder, prompts }) => {
  const { config } = folder;
  const { image } = config.tokens;
  const responses = prompts.map((_, row) => [7, 9, 8, 11, 10, 12].slice(row % 3));
  const batch = batchPrompts(prompts, config);
  const text = textRows(batch, responses, time, image);
  const joined = prompts.map(({ ids }, row) => [...ids, ...responses[row]!]);
  let model: Vlm;
  beforeAll(() => {
    model = makeModel(config, folder.weights);
  });
  afterAll(() => disposeModel(model));

  const logProbabilities = () => textLogProbabilities(model, batch, responses, time, text);

  it("hold every token that something precedes, but no image and no padding", () => {
    expect(prompts.some(({ ids }) => ids.includes(image))).toBe(true);
    expect(new Set(prompts.map(({ ids }) => ids.length)).size).toBeGreaterThan(1);
    const wanted = [
      ...prompts.flatMap(({ ids }) => ids.slice(1).filter((id) => id !== image)),
      ...responses.flat(),
    ];
    expect([...text.targets]).toEqual(wanted);
    expect(new Set(text.rows).size).toBe(wanted.length);
  });

  it("are as likely as in one pass over prompt and response joined", () => {
    const alone = joined.flatMap((ids, row) => {
      // The last token of a prompt is left out of its pass, so one more stands in for it.
      const whole = batchPrompts([{ ids: [...ids, 7], images: prompts[row]!.images }], config);
      const all = values(() => logDistribution(promptPass(model, whole).hidden, headOf(model)));
      const vocab = all.length / ids.length;
      return ids.map((_, at) => (at === 0 ? 0 : all[(at - 1) * vocab + ids[at]!]!));
    });
    const starts = joined.map((_, row) => joined.slice(0, row).flat().length);
    const text = prompts.flatMap(({ ids }, row) =>
      ids.flatMap((id, at) => (at > 0 && id !== image ? [alone[starts[row]! + at]!] : [])),
    );
    const answered = prompts.flatMap(({ ids }, row) =>
      responses[row]!.map((_, at) => alone[starts[row]! + ids.length + at]!),
    );
    const wanted = Float32Array.from([...text, ...answered]);
    expectAllClose(values(logProbabilities), wanted, 1e-4, "nats");
  });

  const grids = batch.images.map(({ grid }) => grid as Grid);
  const shape: PromptShape = { prompts: prompts.length, time: batch.time, grids };
  const response = { samples: 1, time };
  const train = () => {
    const { byName } = gradients(() => tf.sum(logProbabilities()) as tf.Scalar, model.parameters);
    release([...byName.values()]);
  };

  it("take as many operations as are counted, with and without gradient", () => {
    const { forward, backward } = textFlops(shape, response, text.rows.length, config);
    // Counted for responses of equal length; packed rows of shorter ones take a little less.
    const real = countFlops(() => tf.dispose(tf.tidy(logProbabilities)));
    expect(real).toBeLessThanOrEqual(forward);
    expect(real).toBeGreaterThan(0.98 * forward);
    const trained = countFlops(train);
    expect(trained).toBeLessThanOrEqual(forward + backward);
    expect(trained).toBeGreaterThan(0.98 * (forward + backward));
  });

  it("take the memory that is estimated, within a third", () => {
    const estimate = trainingBytes(shape, response, config, { predicted: text.rows.length });
    const peak = peakBytes(train);
    expect(estimate / peak).toBeGreaterThan(2 / 3);
    expect(estimate / peak).toBeLessThan(4 / 3);
  });
});
