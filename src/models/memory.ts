/** Estimates the memory that passes through a model hold at their worst moment. Models layer. */
import { hasFused } from "../tensor/fused.ts";
import type { VlmConfig } from "./config.ts";
import type { PromptShape, ResponseShape } from "./flops.ts";
import { expectedShapes } from "./weight-shapes.ts";

const WORD = 4;

/** How many numbers the weights of a model are. */
export function parameterCount(config: VlmConfig): number {
  const shapes = [...expectedShapes(config).values()];
  return shapes.reduce((sum, shape) => sum + shape.reduce((size, side) => size * side, 1), 0);
}

/** Sizes that the estimates are made of: tokens and patches, and pairs of a query with a key. */
function sizes(prompt: PromptShape, { samples, time }: ResponseShape, config: VlmConfig) {
  const asked = prompt.prompts * prompt.time;
  const answered = prompt.prompts * samples * time;
  const frames = prompt.grids.flatMap(([count, rows, columns]) =>
    Array(count).fill(rows * columns),
  );
  return {
    asked,
    answered,
    patches: frames.reduce((sum, length) => sum + length, 0),
    pairs:
      config.text.heads * Math.max(answered * (time + prompt.time), asked * prompt.time) +
      config.vision.heads * frames.reduce((sum, length) => sum + length ** 2, 0),
  };
}

/** What is trained, and how, beside the default of all weights at once. */
export interface TrainingShape {
  /** Tokens whose probability is computed; default: those of the responses. */
  readonly predicted?: number | undefined;
  /** Numbers that are trained; default: all weights. */
  readonly trained?: number | undefined;
  /** Whether layers of the text decoder are computed again for the gradient. */
  readonly recompute?: boolean | undefined;
}

/** What the gradient holds of each kind of number; see `trainingBytes`. */
interface Holdings {
  readonly wide: number;
  readonly inner: number;
  readonly seen: number;
  readonly seenInner: number;
  readonly logits: number;
  readonly pairs: number;
  readonly weights: number;
}

// Fitted to what tfjs held in 48 (fused) and 72 steps of 8 and 12 model sizes; docs/log.md.
const fusedBackward: Holdings = {
  ...{ wide: 28, inner: 6, seen: 31, seenInner: 4.4, logits: 1.5, pairs: 0, weights: 3.2 },
};
const portableBackward: Holdings = {
  ...{ wide: 46, inner: 6.7, seen: 34, seenInner: 4.3, logits: 2, pairs: 6, weights: 3.5 },
};
// Recomputed layers keep so much of what they are given; fitted to 47 fused steps of 4 models with 3 to 24 layers.
const kept = { wide: 4.5, lastWide: 18 };
const portableHead: Holdings = {
  ...{ wide: 23, inner: 4.4, seen: 11, seenInner: 2.4, logits: 7, pairs: 0, weights: 0 },
};

/**
 * Bytes that the gradient of response log-probabilities takes, the weights themselves not counted.
 *
 * With t tokens, l layers of width d and MLP width i, v patches in m blocks of width e and MLP width j,
 * r response tokens, vocabulary V, a pairs of query and key over all heads, p parameters:
 * `4·(28tld + 6tli + 31vme + 4.4vmj + 1.5rV + 3.2p)` with fused kernels, else the larger of
 * `4·(46tld + 6.7tli + 34vme + 4.3vmj + 2rV + 6a + 3.5p)` in the backward pass and
 * `4·(23tld + 4.4tli + 11vme + 2.4vmj + 7rV)` at the output head.
 *
 * Recomputation keeps `4.5tld` of the layers and `18td + 6ti` of the one that is computed again, in place of
 * `28tld + 6tli`; without fused kernels, where nothing was fitted, `46td + 6.7ti` of that one.
 *
 * @param how r and p above where they are others, and whether layers are recomputed
 */
export function trainingBytes(
  prompt: PromptShape,
  response: ResponseShape,
  config: VlmConfig,
  how: TrainingShape = {},
): number {
  const { text, vision } = config;
  const { asked, answered, patches, pairs } = sizes(prompt, response, config);
  const { predicted = answered, trained = parameterCount(config), recompute = false } = how;
  const tokens = asked + answered;
  const blocks = patches * vision.depth;
  const seen = blocks * vision.hiddenSize;
  const seenInner = blocks * vision.intermediateSize;
  const logits = predicted * text.vocabSize;
  const layersOf = (of: Holdings) => {
    const layer = of.wide * text.hiddenSize + of.inner * text.intermediateSize;
    if (!recompute) return tokens * text.layers * layer;
    const one = of === fusedBackward ? layer - (of.wide - kept.lastWide) * text.hiddenSize : layer;
    return tokens * (text.layers * kept.wide * text.hiddenSize + one);
  };
  const held = (of: Holdings) =>
    layersOf(of) +
    of.seen * seen +
    of.seenInner * seenInner +
    of.logits * logits +
    of.pairs * pairs +
    of.weights * trained;
  if (hasFused()) return WORD * held(fusedBackward);
  return WORD * Math.max(held(portableBackward), held(portableHead));
}

/**
 * Bytes that a pass without gradient takes: the larger of its prompts' and responses' widest layer, and
 * the keys and values of all layers, as `4·(25wd + 6.6wi + 4a + 3.6ve + 5rV + 2tlk)`, w the larger number of tokens;
 * with fused kernels, which keep whole rows of width q, `4·(15wd + 2.7wi + v(z + 4e + 2j) + rV + tlq)`, z the values of a patch.
 *
 * @param response `time` 1 for decoding steps; give the tokens generated in all as `cached` then
 * Source: as `trainingBytes`.
 */
export function passBytes(
  prompt: PromptShape,
  response: ResponseShape,
  config: VlmConfig,
  cached = response.time,
): number {
  const { text, vision } = config;
  const { asked, answered, patches, pairs } = sizes(prompt, response, config);
  const most = Math.max(asked, answered);
  const kept = asked + prompt.prompts * response.samples * cached;
  if (hasFused()) {
    const row = (text.heads + 2 * text.kvHeads) * text.headDim;
    const widest = most * (15 * text.hiddenSize + 2.7 * text.intermediateSize);
    const values = vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
    const tower = patches * (values + 4 * vision.hiddenSize + 2 * vision.intermediateSize);
    return WORD * (widest + tower + answered * text.vocabSize + kept * text.layers * row);
  }
  const keys = 2 * kept * text.layers * text.kvHeads * text.headDim;
  const widest = most * (25 * text.hiddenSize + 6.6 * text.intermediateSize);
  const logits = 5 * answered * text.vocabSize;
  return WORD * (widest + keys + logits + 4 * pairs + 3.6 * patches * vision.hiddenSize);
}
