/**
 * Writes questions, images and what this project makes of them for a model folder, so that
 * `check_export.py` can compare with `transformers`. Run by hand: `npx tsx test/golden/export-cases.ts MODEL_DIR OUT_DIR`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import sharp from "sharp";
import { dataset } from "../../src/data/geometry.ts";
import { test } from "../../src/data/scenes.ts";
import { generate } from "../../src/models/generate.ts";
import { batchPrompts, promptPass } from "../../src/models/model.ts";
import { responseLogProbabilities } from "../../src/models/responses.ts";
import {
  decodeResponse,
  encodeQuestion,
  encodeResponse,
  loadModel,
} from "../../src/stages/policy.ts";
import { startEngine } from "../support/engine.ts";

const [modelDir, outDir] = process.argv.slice(2) as [string, string];
const each = 12;

await startEngine();
mkdirSync(outDir, { recursive: true });
const model = loadModel(modelDir);
const geometry = dataset({ seed: 1, worked: 1, answerOnly: 0, validation: 1, test: each });
const cases = [...geometry.test, ...test(each)].map(({ question, image, reference }, index) => {
  const prompt = encodeQuestion(model.processor, question, image);
  const completion = encodeResponse(model, reference!);
  const logProbs = tf.tidy(() => {
    const batch = batchPrompts([prompt], model.vlm.config);
    const state = promptPass(model.vlm, batch);
    return responseLogProbabilities(
      model.vlm,
      batch,
      state,
      [completion],
      completion.length,
    ).arraySync();
  });
  const options = { samples: 1, maxTokens: 24, temperature: 0 };
  const greedy = generate(model.vlm, [prompt], options)[0]!.ids;
  const text = decodeResponse(model, greedy);
  return {
    image,
    entry: {
      image: `${index}.png`,
      question,
      promptIds: prompt.ids,
      completion,
      logProbs,
      greedy,
      text,
    },
  };
});
for (const { image, entry } of cases) {
  const { width, height, data } = image;
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(join(outDir, entry.image));
}
writeFileSync(join(outDir, "cases.json"), JSON.stringify(cases.map(({ entry }) => entry)));
