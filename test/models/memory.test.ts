/** The estimates of memory against what tfjs really holds at its peak. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PromptShape } from "../../src/models/flops.ts";
import { generate } from "../../src/models/generate.ts";
import type { Grid } from "../../src/models/image-patches.ts";
import { parameterCount, passBytes, trainingBytes } from "../../src/models/memory.ts";
import {
  batchPrompts,
  disposeModel,
  makeModel,
  promptPass,
  type Vlm,
} from "../../src/models/model.ts";
import { responseLogProbabilities } from "../../src/models/responses.ts";
import { gradients } from "../../src/tensor/gradient.ts";
import { release } from "../../src/tensor/memory.ts";
import { hostLoss } from "../../src/tensor/ops/host-loss.ts";
import { peakBytes } from "../support/engine-counts.ts";
import { preparedModels } from "../support/golden-prompts.ts";
import { onBestEngine } from "../support/learner.ts";

const models = await preparedModels();

onBestEngine();

describe.each(models)("the estimate for $name", ({ folder, prompts }) => {
  const { config } = folder;
  const batch = batchPrompts(prompts, config);
  const grids = batch.images.map(({ grid }) => grid as Grid);
  const shape: PromptShape = { prompts: prompts.length, time: batch.time, grids };
  let model: Vlm;
  beforeAll(() => {
    model = makeModel(config, folder.weights);
  });
  afterAll(() => disposeModel(model));

  it("counts the parameters", () => {
    const real = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
    expect(parameterCount(config)).toBe(real);
  });

  it.each(
    [
      [1, 20],
      [4, 12],
      [8, 24],
    ].flatMap(([samples, time]) =>
      [false, true].map((recompute) => ({ samples: samples!, time: time!, recompute })),
    ),
  )(
    "of training on $samples samples of $time tokens is within a third, recomputed: $recompute",
    (given) => {
      const { samples, time, recompute } = given;
      const ids = Array.from({ length: samples * prompts.length }, () => Array(time).fill(7));
      const peak = peakBytes(() => {
        const { byName } = gradients(
          () =>
            hostLoss(
              responseLogProbabilities(model, batch, promptPass(model, batch), ids, time),
              (values) => ({ loss: 0, gradient: new Float32Array(values.length).fill(1) }),
            ),
          model.parameters,
          recompute,
        );
        release([...byName.values()]);
      });
      const estimate = trainingBytes(shape, { samples, time }, config, { recompute });
      expect(estimate / peak).toBeGreaterThan(2 / 3);
      expect(estimate / peak).toBeLessThan(4 / 3);
    },
  );

  it("of generating is not a quarter below the peak, nor three times above it", () => {
    const peak = peakBytes(() => {
      generate(model, prompts, { samples: 4, maxTokens: 10, temperature: 0 });
    });
    const estimate = passBytes(shape, { samples: 4, time: 1 }, config, 10);
    expect(estimate / peak).toBeGreaterThan(0.75);
    expect(estimate / peak).toBeLessThan(3);
  });
});
