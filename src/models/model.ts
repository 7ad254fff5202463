/** A vision-language model as a whole: prompts with images in, hidden states and caches out. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedArray } from "../core/named-array.ts";
import { release, scoped } from "../tensor/memory.ts";
import { embed, rearrange } from "../tensor/ops/rows.ts";
import { causalMask, paddingMask, type SharedKeys } from "../tensor/ops/self-attention.ts";
import {
  disposeParameters,
  makeParameters,
  type Parameters,
  readParameters,
} from "../tensor/parameters.ts";
import type { VlmConfig } from "./config.ts";
import { decode, headCounts } from "./decoder.ts";
import { familyOf } from "./families/family.ts";
import { imageFeatures, type KnownFeatures } from "./image-features.ts";
import type { PatchedImage } from "./image-patches.ts";
import { type Checkpoint, fuse, partOf, split } from "./layout.ts";
import { type Adapter, type LoraArrays, makeAdapter } from "./lora/adapter.ts";
import { textRotary } from "./positions.ts";
import type { Weights } from "./weights.ts";

/** A tokenised prompt with its images, image placeholders expanded. */
export interface Prompt {
  readonly ids: ReadonlyArray<number>;
  readonly images: ReadonlyArray<PatchedImage>;
}

/** A model on the device. */
export interface Vlm {
  readonly config: VlmConfig;
  readonly parameters: Parameters;
  /** What is trained in place of the parameters. */
  readonly adapter?: Adapter;
  /** Features of images, where nothing changes the vision tower. */
  features?: KnownFeatures;
  /** Whether the parameters belong to another model, which releases them. */
  readonly borrowed?: boolean;
}

/**
 * Uploads a checkpoint.
 *
 * Memory: caller owns the model; release it with `disposeModel`.
 */
export function makeModel(config: VlmConfig, checkpoint: Checkpoint): Vlm {
  return { config, parameters: makeParameters(fuse(config, checkpoint)) };
}

/** The model's weights under their checkpoint names; `shapes` as `expectedShapes` gives them. */
export function readModel(
  model: Vlm,
  shapes: ReadonlyMap<string, ReadonlyArray<number>>,
): Map<string, NamedArray> {
  return split(model.config, readParameters(model.parameters), shapes);
}

/**
 * `model` with an adapter, on the same parameters, which nobody is to train any more.
 *
 * Memory: caller owns the adapter; release it with `disposeModel`.
 */
export function adapted(model: Vlm, arrays: LoraArrays, borrowed: boolean): Vlm {
  const { config, parameters, features = new WeakMap() } = model;
  const adapter = makeAdapter(config, arrays);
  const sees = [...adapter.bySlot.keys()].some((slot) => partOf(slot) !== "text");
  return { config, parameters, adapter, borrowed, ...(!sees && { features }) };
}

/** What a pass through the model computes with. */
export const weightsOf = ({ parameters, adapter }: Vlm): Weights =>
  adapter === undefined ? parameters : { get: (name: string) => parameters.get(name), adapter };

/** Releases the model's tensors. */
export function disposeModel({ parameters, adapter, borrowed }: Vlm): void {
  if (!borrowed) disposeParameters(parameters);
  if (adapter !== undefined) disposeParameters(adapter.parameters);
}

/**
 * Prompts side by side, padded on the right, without their last token: that one opens each
 * response, so that every response token is predicted by a row of the response pass.
 */
export interface PromptBatch {
  readonly prompts: number;
  /** Columns, the longest prompt less one; at least 1. */
  readonly time: number;
  /** Real tokens of each prompt, the last one not counted. */
  readonly lengths: Int32Array;
  /** [prompt × time] */
  readonly ids: Int32Array;
  /** The last token of each prompt. */
  readonly lastIds: Int32Array;
  /** The last token's position in each prompt. */
  readonly lastPositions: Int32Array;
  /** Time, height and width of each row, [prompt × time × 3]. */
  readonly positions: Int32Array;
  /** For each row its image feature, or −1 for text; undefined without images. */
  readonly features: Int32Array | undefined;
  readonly images: ReadonlyArray<PatchedImage>;
}

/** Lays out prompts for the device; host work only. */
export function batchPrompts(prompts: ReadonlyArray<Prompt>, config: VlmConfig): PromptBatch {
  const lengths = Int32Array.from(prompts, ({ ids }) => ids.length - 1);
  const time = Math.max(1, ...lengths);
  const rows = prompts.length * time;
  const ids = new Int32Array(rows).fill(config.tokens.pad);
  const features = new Int32Array(rows).fill(-1);
  const positions = new Int32Array(rows * 3);
  const lastPositions = new Int32Array(prompts.length);
  let feature = 0;
  prompts.forEach((prompt, row) => {
    const own = familyOf(config).positions(prompt.ids, prompt.images, config);
    for (let column = 0; column < lengths[row]!; column++) {
      const at = row * time + column;
      ids[at] = prompt.ids[column]!;
      positions.set(own[column]!, at * 3);
      if (ids[at] === config.tokens.image) features[at] = feature++;
    }
    lastPositions[row] = own.at(-1)![0];
  });
  return {
    prompts: prompts.length,
    time,
    lengths,
    ids,
    lastIds: Int32Array.from(prompts, (prompt) => prompt.ids.at(-1)!),
    lastPositions,
    positions,
    features: feature > 0 ? features : undefined,
    images: prompts.flatMap(({ images }) => images),
  };
}

/** What the prompts leave behind for their responses. */
export interface PromptState {
  /** After the final norm, [prompt × time, dim] float32. */
  readonly hidden: tf.Tensor2D;
  /** A layer each. */
  readonly prefix: ReadonlyArray<SharedKeys>;
}

/** The embedding, [vocab, dim]. */
export const embedTable = (model: Vlm) => model.parameters.get("embed") as unknown as tf.Tensor2D;

/** The output matrix, [vocab, dim]: the embedding where the two are tied. */
export function headOf(model: Vlm): tf.Tensor2D {
  return (model.parameters.get("head") ?? model.parameters.get("embed")) as unknown as tf.Tensor2D;
}

/**
 * Runs prompts (all but their last token) through vision tower and decoder.
 *
 * Memory: caller owns the state; call inside a tidy, or release it with `disposePromptState`.
 */
export function promptPass(model: Vlm, batch: PromptBatch): PromptState {
  return scoped(() => {
    const { config } = model;
    const output = decode(
      {
        vectors: promptVectors(model, batch),
        batch: batch.prompts,
        time: batch.time,
        rotary: textRotary(batch.positions, config.text),
        mask: causalMask(batch.time, headCounts(config.text)),
      },
      weightsOf(model),
      config.text,
    );
    const mask = paddingMask(batch.lengths, batch.time);
    const prefix = output.caches.map((cache) => ({ cache, mask }));
    return { hidden: output.hidden, prefix };
  });
}

/** Releases a prompt state made outside a tidy. */
export function disposePromptState(state: PromptState): void {
  release(state);
}

function promptVectors(model: Vlm, batch: PromptBatch): tf.Tensor2D {
  const text = embed(embedTable(model), batch.ids);
  if (batch.features === undefined) return text;
  const images = imageFeatures(batch.images, weightsOf(model), model.config, model.features);
  const rows = batch.ids.length;
  // Text rows keep their place; image rows come from behind them. No row is used twice.
  const source = batch.features.map((feature, row) => (feature < 0 ? row : rows + feature));
  return rearrange(tf.concat([text, images], 0) as tf.Tensor2D, source);
}
