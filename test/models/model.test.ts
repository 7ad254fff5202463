/** The model as a whole: batches, prompts of every kind, saving, freezing. */
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readModelFolder, writeModelFolder } from "../../src/models/folder.ts";
import { type Part, partOf, unfrozen } from "../../src/models/layout.ts";
import type { Prompt, Vlm } from "../../src/models/model.ts";
import {
  batchPrompts,
  disposeModel,
  makeModel,
  promptPass,
  readModel,
} from "../../src/models/model.ts";
import { responseLogProbabilities } from "../../src/models/responses.ts";
import { expectedShapes } from "../../src/models/weight-shapes.ts";
import {
  type AdamOptions,
  disposeAdam,
  globalNorm,
  makeAdam,
  updateAdam,
} from "../../src/tensor/adam.ts";
import { gradients } from "../../src/tensor/gradient.ts";
import { type Parameters, readParameters } from "../../src/tensor/parameters.ts";
import { expectAllClose } from "../support/allclose.ts";
import { onEngines } from "../support/engines.ts";
import { temporaryFolder } from "../support/folder.ts";
import { preparedModels } from "../support/golden-prompts.ts";
import { values } from "../support/gradient-check.ts";

const BATCHED = 1e-4;
const models = await preparedModels();

type Responses = ReadonlyArray<ReadonlyArray<number>>;

/** Log-probabilities of the real tokens of each response, responses of a prompt adjacent. */
function score(model: Vlm, prompts: ReadonlyArray<Prompt>, responses: Responses) {
  const time = Math.max(...responses.map((ids) => ids.length));
  const all = values(() => logProbabilities(model, prompts, responses, time));
  return responses.map((ids, row) => all.slice(row * time, row * time + ids.length));
}

function logProbabilities(
  model: Vlm,
  prompts: ReadonlyArray<Prompt>,
  responses: Responses,
  time: number,
): tf.Tensor1D {
  const batch = batchPrompts(prompts, model.config);
  return responseLogProbabilities(model, batch, promptPass(model, batch), responses, time);
}

/** Batches, prompts of every kind, saving. */
function behaves(chosen: typeof models) {
  describe.each(chosen)("$name", ({ folder, cases, prompts, encodeText }) => {
    const completions = cases.map(({ completionIds }) => completionIds);
    const texts = ["Hi", "What is the angle at C? Show your work."].map(encodeText);
    let model: Vlm;
    beforeAll(() => {
      model = makeModel(folder.config, folder.weights);
    });
    afterAll(() => disposeModel(model));

    function expectBatchedEqualsSingle(batch: ReadonlyArray<Prompt>, responses: Responses) {
      const samples = responses.length / batch.length;
      score(model, batch, responses).forEach((own, row) => {
        const prompt = batch[Math.floor(row / samples)]!;
        const [alone] = score(model, [prompt], [responses[row]!]);
        expectAllClose(own, alone!, BATCHED, `response ${row}`);
      });
    }

    it("scores cases side by side as one by one", () => {
      expectBatchedEqualsSingle(prompts, completions);
    });

    it("scores several samples of a prompt as each alone", () => {
      const responses = prompts.flatMap(() => completions);
      expectBatchedEqualsSingle(prompts, responses);
    });

    it("scores prompts of text alone, and beside prompts with images", () => {
      const two = texts.map((_, index) => completions[index % completions.length]!);
      expectBatchedEqualsSingle(texts, two);
      expectBatchedEqualsSingle(
        [texts[0]!, ...prompts, texts[1]!],
        [two[0]!, ...completions, two[1]!],
      );
    });

    it("scores a prompt of one token", () => {
      const [one, two] = [texts[0]!.ids.slice(0, 1), texts[0]!.ids.slice(0, 2)];
      const alone = score(model, [{ ids: one, images: [] }], [completions[0]!]);
      // A token moved from response to prompt changes nothing for those after it.
      const joined = score(model, [{ ids: one, images: [] }], [[two[1]!, ...completions[0]!]]);
      const moved = score(model, [{ ids: two, images: [] }], [completions[0]!]);
      expectAllClose(joined[0]!.slice(1), moved[0]!, BATCHED);
      expect(alone[0]!.every((value) => value < 0)).toBe(true);
      expectBatchedEqualsSingle(
        [{ ids: one, images: [] }, texts[1]!],
        [completions[0]!, completions[0]!],
      );
    });

    it("sees the image", () => {
      const prompt = prompts[0]!;
      const blank = prompt.images.map(({ patches, grid }) => ({
        patches: new Float32Array(patches.length),
        grid,
      }));
      const [seen] = score(model, [prompt], [completions[0]!]);
      const [unseen] = score(model, [{ ids: prompt.ids, images: blank }], [completions[0]!]);
      const gap = seen!.map((value, index) => Math.abs(value - unseen![index]!));
      expect(Math.max(...gap)).toBeGreaterThan(1e-3);
    });

    it("keeps its images in order", () => {
      const several = prompts.find(({ images }) => images.length > 1);
      if (several === undefined) return;
      const grids = several.images.map(({ grid }) => String(grid));
      expect(new Set(grids).size).toBe(grids.length);
      const swapped = { ids: several.ids, images: [...several.images].reverse() };
      const [right] = score(model, [several], [completions[0]!]);
      const [wrong] = score(model, [swapped], [completions[0]!]);
      const gap = right!.map((value, index) => Math.abs(value - wrong![index]!));
      expect(Math.max(...gap)).toBeGreaterThan(1e-3);
    });

    it("scores the same after saving and loading", () => {
      const dir = join(temporaryFolder(), "saved");
      const weights = readModel(model, expectedShapes(folder.config));
      expect(weights).toEqual(folder.weights);
      writeModelFolder(dir, { from: folder.dir, weights });
      const saved = readModelFolder(dir);
      const again = makeModel(saved.config, saved.weights);
      expect(score(again, prompts, completions)).toEqual(score(model, prompts, completions));
      disposeModel(again);
    });
  });
}

/** Parts that learn, and parts that do not. */
function freezes(chosen: typeof models) {
  describe.each(chosen)("freezing $name", ({ folder, cases, prompts }) => {
    const options: AdamOptions = {
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      weightDecay: 0.1,
      clipNorm: 1,
    };
    const [prompt, completion] = [prompts[1]!, cases[1]!.completionIds];

    function trainOnce(model: Vlm, trainable: Parameters): ReadonlyArray<string> {
      const { byName } = gradients(
        () => tf.neg(tf.mean(logProbabilities(model, [prompt], [completion], completion.length))),
        trainable,
      );
      const state = updateAdam(
        makeAdam(trainable),
        trainable,
        byName,
        globalNorm(byName),
        0.01,
        options,
      );
      tf.dispose([...byName.values()]);
      disposeAdam(state);
      return [...byName.keys()];
    }

    it.each([
      [[]],
      [["vision"]],
      [["projector"]],
      [["text"]],
      [["vision", "projector"]],
      [["vision", "text"]],
    ] as ReadonlyArray<[Array<Part>]>)("trains all but %j", (frozen) => {
      const model = makeModel(folder.config, folder.weights);
      const before = readParameters(model.parameters);
      const trained = trainOnce(model, unfrozen(model.parameters, frozen));
      const expected = [...before.keys()].filter((name) => !frozen.includes(partOf(name)));
      expect([...trained].sort()).toEqual(expected.sort());
      for (const [name, { data }] of readParameters(model.parameters)) {
        const same = Buffer.from(data.buffer).equals(Buffer.from(before.get(name)!.data.buffer));
        expect(same, name).toBe(frozen.includes(partOf(name)));
      }
      disposeModel(model);
    });
  });
}

const families = [...new Map(models.map((model) => [model.family, model])).values()];

onEngines(["tensorflow-cpu"], () => {
  behaves(models);
  freezes(families);
});

// The golden numbers of all families are held on wasm as well.
onEngines(["wasm"], () => {
  behaves(models.slice(0, 1));
  freezes(models.slice(0, 1));
});
