/** Counts the floating-point operations of a model's products of matrices; a multiplication with its addition is two. Models layer. */
import type { TextConfig, VisionConfig, VlmConfig } from "./config.ts";
import { attentionGroups, type Grid } from "./families/qwen/positions.ts";

/** Operations of a pass, and of its gradient on top. */
export interface Flops {
  readonly forward: number;
  readonly backward: number;
}

/** Prompts side by side: `time` columns each, the last token not counted, and the images of all of them. */
export interface PromptShape {
  readonly prompts: number;
  readonly time: number;
  readonly grids: ReadonlyArray<Grid>;
}

/** Responses on top of prompts: `samples` to each, `time` columns. */
export interface ResponseShape {
  readonly samples: number;
  readonly time: number;
}

/** The gradient of a product takes a product for each of its factors. */
const linear = (forward: number): Flops => ({ forward, backward: 2 * forward });
/** Rotation tables have no gradient of their own. */
const rotation = (forward: number): Flops => ({ forward, backward: forward });
/** Scores are computed again; then come the gradients of weights, queries, keys and values: 5 products for 2. */
const attention = (forward: number): Flops => ({ forward, backward: 2.5 * forward });

const sum = (...parts: ReadonlyArray<Flops>): Flops => ({
  forward: parts.reduce((total, { forward }) => total + forward, 0),
  backward: parts.reduce((total, { backward }) => total + backward, 0),
});

/**
 * The vision tower with its merger. With N patches, g groups of L slots (padded to the largest), width d,
 * MLP width i, h heads of size d/h, merge unit u:
 *
 * `2Nwd + Σ_block (6gLd² + 4gLd·(d/h) + 4gL²d + 2Nd² + 6Ndi) + 2N/u·(ud)² + 2N/u·ud·out`
 *
 * where w is the number of values in a patch; the terms of a block are the joint projection, rotation,
 * attention within groups, output, and gated MLP.
 */
export function visionFlops(grids: ReadonlyArray<Grid>, config: VisionConfig): Flops {
  if (grids.length === 0) return { forward: 0, backward: 0 };
  const { hiddenSize: d, intermediateSize: inner, heads } = config;
  const patches = grids.reduce((total, [t, h, w]) => total + t * h * w, 0);
  const values = config.inChannels * config.temporalPatchSize * config.patchSize ** 2;
  const blocks = Array.from({ length: config.depth }, (_, index) => {
    const full = config.fullAttentionBlocks.includes(index);
    const { slots, squares } = slotsOf(grids, config, full ? "full" : "window");
    return sum(
      linear(2 * slots * d * 3 * d),
      rotation(2 * slots * 2 * heads * (d / heads) ** 2),
      attention(4 * squares * d),
      linear(2 * patches * d * d),
      linear(2 * patches * d * 3 * inner),
    );
  });
  const unit = config.mergeSize ** 2;
  const merged = unit * d;
  const merger = linear(((2 * patches) / unit) * merged * (merged + config.outHiddenSize));
  return sum(linear(2 * patches * values * d), ...blocks, merger);
}

/** Slots of all groups, gL, and Σ L² over them. */
function slotsOf(grids: ReadonlyArray<Grid>, config: VisionConfig, kind: "full" | "window") {
  let groups = 0;
  let length = 0;
  for (const grid of grids) {
    const own = attentionGroups(grid, config, kind);
    groups += own.length;
    length = Math.max(length, ...own.map((group) => group.length));
  }
  return { slots: groups * length, squares: groups * length ** 2 };
}

/**
 * One decoder layer over `rows` tokens, each of which attends to `keys` keys. With width d, q = heads ×
 * head size, k = key heads × head size, e = head size, i the MLP's width:
 *
 * `2·rows·d(q + 2k) + 2·rows·(q + k)e + 4·rows·keys·q + 2·rows·qd + 6·rows·di`
 */
function layerParts(rows: number, keys: number, config: TextConfig) {
  const { hiddenSize: d, headDim, intermediateSize: inner } = config;
  const [q, k] = [config.heads * headDim, config.kvHeads * headDim];
  return {
    inputs: sum(linear(2 * rows * d * (q + 2 * k)), rotation(2 * rows * (q + k) * headDim)),
    rest: sum(attention(4 * rows * keys * q), linear(2 * rows * d * (q + 3 * inner))),
  };
}

/**
 * Prompts through vision tower and decoder, without output head.
 *
 * Nothing reads a prompt's last hidden states, so above the keys of the last layer there is no gradient.
 */
export function promptFlops({ prompts, time, grids }: PromptShape, config: VlmConfig): Flops {
  const { layers } = config.text;
  const { inputs, rest } = layerParts(prompts * time, time, config.text);
  const decoder: Flops = {
    forward: layers * (inputs.forward + rest.forward),
    backward: layers * inputs.backward + (layers - 1) * rest.backward,
  };
  return sum(visionFlops(grids, config.vision), decoder);
}

/** Whole responses on top of prompts that were passed before, with the output head: `2·rows·d·vocab` more. */
export function responseFlops(
  prompt: PromptShape,
  { samples, time }: ResponseShape,
  config: VlmConfig,
): Flops {
  const rows = prompt.prompts * samples * time;
  return sum(wholeLayers(rows, time + prompt.time, config.text), headFlops(rows, config.text));
}

/** Prompts and responses, `predicted` of whose hidden states go through the output head: all have a gradient. */
export function textFlops(
  prompt: PromptShape,
  { samples, time }: ResponseShape,
  predicted: number,
  config: VlmConfig,
): Flops {
  const rows = prompt.prompts * samples * time;
  return sum(
    visionFlops(prompt.grids, config.vision),
    wholeLayers(prompt.prompts * prompt.time, prompt.time, config.text),
    wholeLayers(rows, time + prompt.time, config.text),
    headFlops(predicted, config.text),
  );
}

function wholeLayers(rows: number, keys: number, config: TextConfig): Flops {
  const { inputs, rest } = layerParts(rows, keys, config);
  const layer = sum(inputs, rest);
  return { forward: config.layers * layer.forward, backward: config.layers * layer.backward };
}

const headFlops = (rows: number, { hiddenSize, vocabSize }: TextConfig): Flops =>
  linear(2 * rows * hiddenSize * vocabSize);

/** One decoding step of `samples` responses to each prompt, after `step` earlier ones, keys kept. */
export function decodeFlops(
  prompt: PromptShape,
  samples: number,
  step: number,
  config: VlmConfig,
): number {
  const rows = prompt.prompts * samples;
  const { inputs, rest } = layerParts(rows, prompt.time + step + 1, config.text);
  const { hiddenSize, vocabSize, layers } = config.text;
  return layers * (inputs.forward + rest.forward) + 2 * rows * hiddenSize * vocabSize;
}
