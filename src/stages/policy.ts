/** A model under training: weights, optimizer and processor, loaded from and saved to one folder. Serves all stages. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Example } from "../data/example.ts";
import type { Optimizer } from "../dsl/training.ts";
import { openModelFolder, writeModelFolder } from "../models/folder.ts";
import { unfrozen } from "../models/layout.ts";
import { adapterOf, sharesWeights, writeAdaptedFolder } from "../models/lora/adapted-folder.ts";
import { readAdapterArrays } from "../models/lora/adapter.ts";
import {
  adapted,
  disposeModel,
  makeModel,
  type Prompt,
  readModel,
  type Vlm,
} from "../models/model.ts";
import { loadProcessor, type Processor } from "../models/processor.ts";
import { readSafetensors, writeSafetensors } from "../models/safetensors.ts";
import { expectedShapes } from "../models/weight-shapes.ts";
import { type AdamState, disposeAdam, makeAdam, readAdam, restoreAdam } from "../tensor/adam.ts";
import type { Parameters } from "../tensor/parameters.ts";

/** A model with the processor of its folder. */
export interface LoadedModel {
  readonly dir: string;
  readonly vlm: Vlm;
  readonly processor: Processor;
}

/** A model that learns; `adam` is replaced at each update. */
export interface Policy extends LoadedModel {
  adam: AdamState;
  /** Factor on every learning rate; rollbacks lower it. Not saved with the policy. */
  rateFactor: number;
}

const OPTIMIZER_WEIGHTS = "optimizer.safetensors";
const OPTIMIZER_STATE = "optimizer.json";

/**
 * A model, with its adapter where the folder has one.
 *
 * @param base its weights are used, not loaded again, where the model is an adapter on them; it must be kept as long
 * Fails: `ModelFolderInvalid`, `SafetensorsInvalid`. Memory: caller owns the model.
 */
export function loadModel(dir: string, base?: LoadedModel): LoadedModel {
  const arrays = base && adapterOf(dir, base.vlm.config);
  if (base !== undefined && arrays !== undefined && sharesWeights(dir, base.dir)) {
    // Nobody trains the weights any more, so that both see images through one tower that stays.
    base.vlm.features ??= new WeakMap();
    return { dir, vlm: adapted(base.vlm, arrays, true), processor: base.processor };
  }
  const { config, weights } = openModelFolder(dir);
  const adapter = adapterOf(dir, config);
  const vlm = makeModel(config, weights);
  const processor = loadProcessor(dir);
  return { dir, vlm: adapter === undefined ? vlm : adapted(vlm, adapter, false), processor };
}

/** As `loadModel`, with the optimizer's moments where the folder has them, else zeros. */
export function loadPolicy(dir: string, base?: LoadedModel): Policy {
  const loaded = loadModel(dir, base);
  const parameters = learnt(loaded);
  const path = join(dir, OPTIMIZER_WEIGHTS);
  if (!existsSync(path)) return { ...loaded, adam: makeAdam(parameters), rateFactor: 1 };
  const { updates } = JSON.parse(readFileSync(join(dir, OPTIMIZER_STATE), "utf8"));
  const adam = restoreAdam(parameters, readSafetensors(path), updates);
  return { ...loaded, adam, rateFactor: 1 };
}

/** Writes a folder that `loadPolicy` restores exactly; without an adapter, `transformers` loads it as a model. */
export function savePolicy(policy: Policy, dir: string): void {
  const { config, adapter } = policy.vlm;
  if (adapter === undefined) {
    const weights = readModel(policy.vlm, expectedShapes(config));
    writeModelFolder(dir, { from: policy.dir, weights });
  } else {
    const arrays = readAdapterArrays(config, adapter);
    writeAdaptedFolder(dir, { from: policy.dir, config, adapter: arrays });
  }
  writeSafetensors(join(dir, OPTIMIZER_WEIGHTS), readAdam(policy.adam));
  writeFileSync(join(dir, OPTIMIZER_STATE), JSON.stringify({ updates: policy.adam.updates }));
}

export function disposePolicy(policy: Policy): void {
  disposeModel(policy.vlm);
  disposeAdam(policy.adam);
}

/** What is trained of a model: its adapter, or all of it. */
const learnt = ({ vlm }: LoadedModel): Parameters => vlm.adapter?.parameters ?? vlm.parameters;

/** The parameters that the optimizer may move. */
export function trainable(policy: Policy, { freeze }: Optimizer): Parameters {
  return unfrozen(learnt(policy), freeze);
}

/** The prompt of a question about an image, as the model's chat template words it. */
export function encodeQuestion(
  processor: Processor,
  question: string,
  image: Example["image"],
): Prompt {
  const content = [{ type: "image" as const }, { type: "text" as const, text: question }];
  return processor.encodePrompt([{ role: "user", content }], [image]);
}

/** Tokens of a worked response with the end token. */
export function encodeResponse({ processor, vlm }: LoadedModel, response: string): Array<number> {
  return [...processor.tokenizer.encode(response), vlm.config.tokens.eos[0]!];
}

/** The text of generated tokens, special tokens left out. */
export function decodeResponse({ processor }: LoadedModel, ids: ReadonlyArray<number>): string {
  return processor.tokenizer.decode(ids, { skipSpecial: true });
}
