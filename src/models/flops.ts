/** Counts the floating-point operations of a model's products of matrices; a multiplication with its addition is two. Models layer. */
import type { TextConfig, VlmConfig } from "./config.ts";
import { familyOf } from "./families/family.ts";
import { attentionFlops, type Flops, linearFlops, sumFlops } from "./flop-counts.ts";
import type { Grid } from "./image-patches.ts";

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

/** Vision towers are counted by their families; of all images of a batch. */
export const visionFlops = (grids: ReadonlyArray<Grid>, config: VlmConfig): Flops =>
  familyOf(config).visionFlops(grids, config.vision);

/**
 * One decoder layer over `rows` tokens, each of which attends to `keys` keys. With width d, q = heads ×
 * head size, k = key heads × head size, i the MLP's width:
 *
 * `2·rows·d(q + 2k) + 4·rows·keys·q + 2·rows·qd + 6·rows·di`
 */
function layerParts(rows: number, keys: number, config: TextConfig) {
  const { hiddenSize: d, headDim, intermediateSize: inner } = config;
  const [q, k] = [config.heads * headDim, config.kvHeads * headDim];
  return {
    inputs: linearFlops(2 * rows * d * (q + 2 * k)),
    rest: sumFlops(
      attentionFlops(4 * rows * keys * q),
      linearFlops(2 * rows * d * (q + 3 * inner)),
    ),
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
  return sumFlops(visionFlops(grids, config), decoder);
}

/** Whole responses on top of prompts that were passed before, with the output head: `2·rows·d·vocab` more. */
export function responseFlops(
  prompt: PromptShape,
  { samples, time }: ResponseShape,
  config: VlmConfig,
): Flops {
  const rows = prompt.prompts * samples * time;
  return sumFlops(wholeLayers(rows, time + prompt.time, config.text), headFlops(rows, config.text));
}

/** Prompts and responses, `predicted` of whose hidden states go through the output head: all have a gradient. */
export function textFlops(
  prompt: PromptShape,
  { samples, time }: ResponseShape,
  predicted: number,
  config: VlmConfig,
): Flops {
  const rows = prompt.prompts * samples * time;
  return sumFlops(
    visionFlops(prompt.grids, config),
    wholeLayers(prompt.prompts * prompt.time, prompt.time, config.text),
    wholeLayers(rows, time + prompt.time, config.text),
    headFlops(predicted, config.text),
  );
}

function wholeLayers(rows: number, keys: number, config: TextConfig): Flops {
  const { inputs, rest } = layerParts(rows, keys, config);
  const layer = sumFlops(inputs, rest);
  return { forward: config.layers * layer.forward, backward: config.layers * layer.backward };
}

/** What an adapter adds to and spares in the gradient of prompts and responses; `rank` is that of its matrices. */
export interface AdapterShape {
  readonly rank: number;
  readonly targets: ReadonlyArray<{
    readonly inputs: number;
    readonly outputs: number;
    readonly part: "vision" | "projector" | "text";
  }>;
}

/**
 * The same as `promptFlops` and `responseFlops` together where an adapter is trained: products of frozen weights lose
 * the gradient of the weights, `2·rows·in·out`; each adapted one adds `2·rows·rank·(in + out)` and twice that in the gradient.
 */
export function adapterFlops(
  prompt: PromptShape,
  response: ResponseShape,
  config: VlmConfig,
  { rank, targets }: AdapterShape,
): Flops {
  const seen = targets.some(({ part }) => part !== "text");
  const tower = visionFlops(prompt.grids, config);
  const all = sumFlops(promptFlops(prompt, config), responseFlops(prompt, response, config));
  const patches = prompt.grids.reduce(
    (sum, [count, rows, columns]) => sum + count * rows * columns,
    0,
  );
  const tokens = prompt.prompts * (prompt.time + response.samples * response.time);
  const { inputs, rest } = layerParts(tokens, 0, config.text);
  const added = sumFlops(
    ...targets.map(({ inputs: width, outputs, part }) =>
      linearFlops(2 * (part === "text" ? tokens : patches) * rank * (width + outputs)),
    ),
  );
  const weights = config.text.layers * (inputs.forward + rest.forward);
  // What is left of a tower's gradient is about a product for each of its own: to get through, not to learn.
  const vision = seen ? tower.backward / 2 : tower.backward;
  return {
    forward: all.forward + added.forward,
    backward: all.backward - weights - vision + added.backward,
  };
}

/** The output head over `rows` hidden states. */
export const headFlops = (rows: number, { hiddenSize, vocabSize }: TextConfig): Flops =>
  linearFlops(2 * rows * hiddenSize * vocabSize);

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
