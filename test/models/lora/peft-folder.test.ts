/** Adapters that `peft` made, on every family: log-probabilities with them, merged, and written again. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { makeAdapter, readAdapterArrays } from "../../../src/models/lora/adapter.ts";
import { merged } from "../../../src/models/lora/merge.ts";
import { readPeftFolder, writePeftFolder } from "../../../src/models/lora/peft-folder.ts";
import {
  adapted,
  batchPrompts,
  disposeModel,
  makeModel,
  promptPass,
  type Vlm,
} from "../../../src/models/model.ts";
import { responseLogProbabilities } from "../../../src/models/responses.ts";
import { readSafetensors } from "../../../src/models/safetensors.ts";
import { disposeParameters } from "../../../src/tensor/parameters.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { onEngines } from "../../support/engines.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { type PreparedModel, preparedModels } from "../../support/golden-prompts.ts";
import { values } from "../../support/gradient-check.ts";

const GOLDEN = 1e-3;
const root = fileURLToPath(new URL("../../golden/lora", import.meta.url));
const extra = process.env.RCPA_EXTRA_GOLDEN && join(process.env.RCPA_EXTRA_GOLDEN, "lora");
const models = await preparedModels();
const adapters = [root, ...(extra && existsSync(extra) ? [extra] : [])].flatMap((folder) =>
  readdirSync(folder).map((name) => {
    const dir = join(folder, name);
    const { golden } = JSON.parse(readFileSync(join(dir, "made.json"), "utf8"));
    return { name, dir, model: models.find((one) => one.name === golden)! };
  }),
);

function completionLogProbs(model: Vlm, { prompts, cases }: PreparedModel): Array<Float32Array> {
  return cases.map(({ completionIds }, index) =>
    Float32Array.from(
      values(() => {
        const batch = batchPrompts([prompts[index]!], model.config);
        const state = promptPass(model, batch);
        const time = completionIds.length;
        return responseLogProbabilities(model, batch, state, [completionIds], time);
      }),
    ),
  );
}

onEngines(["tensorflow-cpu", "wasm"], () => {
  describe.each(adapters)("the adapter $name", ({ dir, model: golden }) => {
    const { config, weights } = golden.folder;
    const reference = readSafetensors(join(dir, "reference.safetensors"));
    const expectReference = (model: Vlm) =>
      completionLogProbs(model, golden).forEach((logProbs, index) => {
        const expected = reference.get(`${index}.completion_logprobs`)!.data;
        expectAllClose(logProbs, expected, GOLDEN, `case ${index}`);
      });

    it("gives the log-probabilities that peft gives, beside a base that stays as it was", () => {
      const base = makeModel(config, weights);
      const model = adapted(base, readPeftFolder(join(dir, "adapter"), config), true);
      const before = completionLogProbs(base, golden);
      expectReference(model);
      disposeModel(model);
      expect(completionLogProbs(base, golden)).toEqual(before);
      expect(
        Math.abs(before[0]![0]! - reference.get("0.completion_logprobs")!.data[0]!),
      ).toBeGreaterThan(1e-2);
      disposeModel(base);
    });

    it("gives them worked into the weights as well", () => {
      const model = makeModel(
        config,
        merged(weights, readPeftFolder(join(dir, "adapter"), config)),
      );
      expectReference(model);
      disposeModel(model);
    });

    it("comes back from the device and from disk as it was", () => {
      const arrays = readPeftFolder(join(dir, "adapter"), config);
      const adapter = makeAdapter(config, arrays);
      const read = readAdapterArrays(config, adapter);
      disposeParameters(adapter.parameters);
      expect(read).toEqual(arrays);
      const folder = temporaryFolder();
      writePeftFolder(folder, config, read);
      expect(readPeftFolder(folder, config)).toEqual(arrays);
      const tensors = (at: string) => readSafetensors(join(at, "adapter_model.safetensors"));
      expect(tensors(folder)).toEqual(tensors(join(dir, "adapter")));
    });
  });
});
