/** Low-rank adapters: targets, gradients, dropout, folders, and what is refused. */
import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { stream } from "../../../src/core/seed.ts";
import {
  adapterOf,
  readMergedFolder,
  sharesWeights,
  writeAdaptedFolder,
} from "../../../src/models/lora/adapted-folder.ts";
import { type LoraArrays, newAdapter, withDropout } from "../../../src/models/lora/adapter.ts";
import { exportPolicy, NoAdapter } from "../../../src/models/lora/export.ts";
import { readPeftFolder, writePeftFolder } from "../../../src/models/lora/peft-folder.ts";
import { type LoraSettings, scaleOf } from "../../../src/models/lora/settings.ts";
import {
  chosenTargets,
  namesFor,
  targetsOf,
  unknownTargets,
} from "../../../src/models/lora/targets.ts";
import {
  adapted,
  batchPrompts,
  disposeModel,
  makeModel,
  promptPass,
  type Vlm,
} from "../../../src/models/model.ts";
import { responseLogProbabilities } from "../../../src/models/responses.ts";
import { writeSafetensors } from "../../../src/models/safetensors.ts";
import { gradients } from "../../../src/tensor/gradient.ts";
import { release } from "../../../src/tensor/memory.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { onEngines } from "../../support/engines.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { preparedModels } from "../../support/golden-prompts.ts";
import { values } from "../../support/gradient-check.ts";

const models = await preparedModels();
const qwen = models.find(({ name }) => name === "qwen2_5_vl")!;
const { config, weights } = qwen.folder;
const all = ["vision", "projector", "text"] as const;
const settings: LoraSettings = { rank: 3, alpha: 6, dropout: 0, rankStabilized: false };

/** An adapter whose matrices are all random. */
function randomAdapter(own: Partial<LoraSettings> = {}, targets = targetsOf(config)): LoraArrays {
  const made = newAdapter(targets, { ...settings, ...own }, "base", 1);
  const random = stream(7, "b");
  for (const { b } of made.pairs.values()) {
    for (let i = 0; i < b.data.length; i++) b.data[i] = 0.1 * random.normal();
  }
  return made;
}

describe("targets", () => {
  it.each(models)(
    "are all products of $name but the head, on the device where they belong",
    ({ folder }) => {
      const targets = targetsOf(folder.config);
      for (const { module, inputs, outputs } of targets) {
        expect(folder.weights.get(`${module}.weight`)!.shape).toEqual([outputs, inputs]);
      }
      const matrices = [...folder.weights].filter(
        ([name, { shape }]) => shape.length === 2 && !/embed|lm_head|position/.test(name),
      );
      expect(targets.map(({ module }) => `${module}.weight`).sort()).toEqual(
        matrices.map(([name]) => name).sort(),
      );
    },
  );

  it("are meant by names and by ends of names, within the parts", () => {
    const named = (wanted: ReadonlyArray<string>, parts: Parameters<typeof chosenTargets>[2]) =>
      chosenTargets(config, wanted, parts).map(({ name }) => name);
    expect(named(["layers.1.self_attn.q_proj"], all)).toEqual([
      "model.language_model.layers.1.self_attn.q_proj",
    ]);
    expect(named(["gate_proj"], ["text"])).toHaveLength(config.text.layers);
    expect(named(["gate_proj"], all)).toHaveLength(config.text.layers + config.vision.depth);
    expect(named(["roj"], all)).toEqual([]);
    expect(unknownTargets(config, ["q_proj", "w_proj"], ["text"])).toEqual({
      unknown: ["w_proj"],
      known: ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"],
    });
  });

  it("are named so that exactly they are found again", () => {
    for (const [wanted, parts] of [
      ["all-linear", all],
      ["all-linear", ["text"]],
      [["q_proj", "proj"], all],
      [["layers.0.mlp.up_proj"], all],
    ] as const) {
      const chosen = chosenTargets(config, wanted, parts);
      expect(chosenTargets(config, namesFor(config, chosen), all)).toEqual(chosen);
    }
    expect(namesFor(config, chosenTargets(config, ["q_proj", "v_proj"], all))).toEqual([
      "q_proj",
      "v_proj",
    ]);
  });
});

describe("settings", () => {
  it("scale by the rank, or by its root", () => {
    expect(scaleOf({ ...settings, rank: 16, alpha: 8 })).toBe(0.5);
    expect(scaleOf({ ...settings, rank: 16, alpha: 8, rankStabilized: true })).toBe(2);
  });
});

onEngines(["tensorflow-cpu", "wasm"], () => {
  const loss = (model: Vlm) => {
    const batch = batchPrompts([qwen.prompts[0]!], model.config);
    const ids = qwen.cases[0]!.completionIds;
    const state = promptPass(model, batch);
    return tf.neg(
      tf.mean(responseLogProbabilities(model, batch, state, [ids], ids.length)),
    ) as tf.Scalar;
  };
  const lossOf = (model: Vlm) => values(() => tf.reshape(loss(model), [1]))[0]!;
  const withModel = (arrays: LoraArrays, body: (model: Vlm, base: Vlm) => void) => {
    const base = makeModel(config, weights);
    const model = adapted(base, arrays, true);
    body(model, base);
    disposeModel(model);
    disposeModel(base);
  };

  describe("an adapter", () => {
    it("adds nothing at first, whatever its settings", () => {
      withModel(newAdapter(targetsOf(config), settings, "", 1), (model, base) => {
        expect(lossOf(model)).toBe(lossOf(base));
      });
    });

    it("has the gradient of finite differences, and no gradient goes to the weights below", () => {
      withModel(randomAdapter(), (model, base) => {
        const { parameters } = model.adapter!;
        const { byName } = gradients(() => loss(model), parameters);
        expect([...byName.keys()].sort()).toEqual([...parameters.keys()].sort());
        const random = stream(3, "direction");
        for (const name of [
          "text.0.qkv.model.layers.0.self_attn.v_proj.up",
          "vision.1.down.visual.blocks.1.mlp.down_proj.down",
        ]) {
          const variable = parameters.get(name)!;
          const direction = Float32Array.from({ length: variable.size }, () => random.normal());
          const at = variable.dataSync<"float32">().slice();
          const moved = (step: number) => {
            const values = at.map((value, i) => value + step * direction[i]!);
            tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
            return lossOf(model);
          };
          const slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
          moved(0);
          const product = byName
            .get(name)!
            .dataSync<"float32">()
            .reduce((sum, g, i) => sum + g * direction[i]!, 0);
          expect(Math.abs(slope - product) / Math.max(0.02, Math.abs(slope))).toBeLessThan(0.05);
        }
        release([...byName.values()]);
        expect(base.parameters.get("embed")!.isDisposed).toBe(false);
      });
    });

    it("alone is trained: nothing else gets a gradient", () => {
      withModel(randomAdapter({}, chosenTargets(config, ["q_proj"], ["text"])), (model, base) => {
        const count = (parameters: Vlm["parameters"], of: Vlm) => {
          const before = tf.memory().numTensors;
          const { byName } = gradients(() => loss(of), parameters);
          const made = byName.size;
          release([...byName.values()]);
          expect(tf.memory().numTensors).toBe(before);
          return made;
        };
        expect(count(model.adapter!.parameters, model)).toBe(2 * config.text.layers);
        expect(count(base.parameters, base)).toBe(base.parameters.size);
      });
    });

    it("drops inputs in a training pass only, the same for the same stream", () => {
      withModel(randomAdapter({ dropout: 0.5 }), (model) => {
        const noisy = (seed: number) =>
          withDropout(
            model.adapter,
            () => stream(seed),
            () => lossOf(model),
          );
        const [plain, one, again, other] = [lossOf(model), noisy(1), noisy(1), noisy(2)];
        expect(one).not.toBe(plain);
        expect(again).toBe(one);
        expect(other).not.toBe(one);
        expect(lossOf(model)).toBe(plain);
      });
    });
  });
});

describe("folders", () => {
  const arrays = randomAdapter();

  it("with an adapter link the weights and merge to what the adapter adds", () => {
    const dir = join(temporaryFolder(), "policy");
    writeAdaptedFolder(dir, { from: qwen.checkpoint, config, adapter: arrays });
    expect(lstatSync(join(dir, "model.safetensors")).isSymbolicLink()).toBe(true);
    expect(sharesWeights(dir, qwen.checkpoint)).toBe(true);
    expect(adapterOf(dir, config)).toEqual(arrays);
    const again = join(temporaryFolder(), "next");
    writeAdaptedFolder(again, { from: dir, config, adapter: arrays });
    expect(sharesWeights(again, qwen.checkpoint)).toBe(true);
    const { module, inputs, outputs } = targetsOf(config)[0]!;
    const { a, b } = arrays.pairs.get(module)!;
    const delta = (o: number, i: number) =>
      [0, 1, 2].reduce((sum, r) => sum + b.data[o * 3 + r]! * a.data[r * inputs + i]!, 0);
    const name = `${module}.weight`;
    const expected = Float32Array.from(
      { length: outputs * inputs },
      (_, k) => weights.get(name)!.data[k]! + 2 * delta(Math.floor(k / inputs), k % inputs),
    );
    expectAllClose(readMergedFolder(dir).weights.get(name)!.data, expected, 1e-6);
    expect(readMergedFolder(dir).weights.get("model.norm.weight")).toEqual(
      weights.get("model.norm.weight"),
    );
  });

  it("are exported merged, or the adapter alone", () => {
    const dir = join(temporaryFolder(), "policy");
    writeAdaptedFolder(dir, { from: qwen.checkpoint, config, adapter: arrays });
    const [whole, alone] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "alone")];
    exportPolicy(dir, "merged", whole);
    expect(lstatSync(join(whole, "model.safetensors")).isSymbolicLink()).toBe(false);
    expect(readMergedFolder(whole).weights).toEqual(readMergedFolder(dir).weights);
    exportPolicy(dir, "peft", alone);
    expect(readPeftFolder(alone, config)).toEqual(arrays);
    expect(() => exportPolicy(qwen.checkpoint, "peft", alone)).toThrow(NoAdapter);
  });

  it.each([
    ["peft_type", { peft_type: "IA3" }],
    ["bias", { bias: "all" }],
    ["modules_to_save", { modules_to_save: ["lm_head"] }],
    ["use_dora", { use_dora: true }],
    ["rank_pattern", { rank_pattern: { q_proj: 8 } }],
    ["init_lora_weights", { init_lora_weights: "pissa" }],
    ["layer_replication", { layer_replication: [[0, 1]] }],
    ["trainable_token_indices", { trainable_token_indices: [1] }],
    ["r", { r: 0 }],
    ["lora_dropout", { lora_dropout: 1.5 }],
  ])("of adapters with %s beyond LoRA are refused by that field", (field, own) => {
    const dir = temporaryFolder();
    writePeftFolder(dir, config, arrays);
    const path = join(dir, "adapter_config.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...own }));
    expect(() => readPeftFolder(dir, config)).toThrow(new RegExp(`adapter_config.json: ${field}`));
  });

  it("whose matrices do not fit are refused by name", () => {
    const matrix = (shape: ReadonlyArray<number>) => ({
      shape,
      data: new Float32Array(shape[0]! * shape[1]!),
    });
    const name = "base_model.model.model.language_model.layers.0.self_attn.q_proj";
    const [, one] = targetsOf(config).filter(({ slot }) => slot === "text.0.qkv");
    expect(one).toBeDefined();
    const read = (tensors: Readonly<Record<string, ReadonlyArray<number>>>) => {
      const dir = temporaryFolder();
      writePeftFolder(dir, config, arrays);
      const entries = Object.entries(tensors).map(([key, shape]) => [key, matrix(shape)] as const);
      writeSafetensors(join(dir, "adapter_model.safetensors"), new Map(entries));
      return () => readPeftFolder(dir, config);
    };
    const width = config.text.hiddenSize;
    expect(read({ [`${name}.lora_A.weight`]: [3, width] })).toThrow(/one of its two matrices/);
    expect(read({ [`${name}.lora_A.weight`]: [4, width] })).toThrow(/expected \[3,/);
    expect(read({ "base_model.model.lm_head.lora_A.weight": [3, width] })).toThrow(/no product/);
    expect(read({ [`${name}.lora_embedding_A`]: [3, width] })).toThrow(/no product/);
    expect(read({})).toThrow();
  });
});
