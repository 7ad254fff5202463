/** The work and memory of what stages do with a model: ask, score, train. Serves the estimates. */
import type { VlmConfig } from "../models/config.ts";
import {
  type AdapterShape,
  adapterFlops,
  decodeFlops,
  headFlops,
  type PromptShape,
  promptFlops,
  responseFlops,
  textFlops,
  visionFlops,
} from "../models/flops.ts";
import { parameterCount, passBytes, trainingBytes } from "../models/memory.ts";
import type { Work } from "../runtime/estimate.ts";

/** Kinds of work that differ in speed; `calibration.ts` measures one of each. */
export type WorkKind = "pass" | "decode" | "train" | "example";

/** Work with the memory that it takes besides the weights, bytes. */
export interface Task {
  readonly work: ReadonlyArray<Work & { readonly kind: WorkKind }>;
  readonly bytes: number;
}

/** Prompts answered by `samples` responses each, `time` tokens long, keys and values kept. */
export function askTask(
  config: VlmConfig,
  prompt: PromptShape,
  samples: number,
  time: number,
  times = 1,
): Task {
  const decode = decodeFlops(prompt, samples, time / 2, config);
  return {
    work: [
      { kind: "pass", times, flops: promptFlops(prompt, config).forward },
      { kind: "decode", times: times * time, flops: decode },
    ],
    bytes: passBytes(prompt, { samples, time: 1 }, config, time),
  };
}

/** Log-probabilities of given responses, no gradient. */
export function scoreTask(
  config: VlmConfig,
  prompt: PromptShape,
  samples: number,
  time: number,
  times = 1,
): Task {
  const response = { samples, time };
  const flops =
    promptFlops(prompt, config).forward + responseFlops(prompt, response, config).forward;
  return { work: [{ kind: "pass", times, flops }], bytes: passBytes(prompt, response, config) };
}

/** Whole distributions of `rows` tokens from their hidden states. */
export function distributionTask(config: VlmConfig, rows: number): Task {
  const { text } = config;
  const flops = headFlops(rows, text).forward;
  return {
    work: [{ kind: "pass", times: 1, flops }],
    bytes: 4 * rows * (text.hiddenSize + 3 * text.vocabSize),
  };
}

/** What of a model is trained. */
export interface Trained {
  /** Parts that are not. */
  readonly freeze?: ReadonlyArray<string>;
  /** Trained in place of the weights. */
  readonly adapter?: AdapterShape | undefined;
  /** Whether layers of the text decoder are computed again for the gradient. */
  readonly recompute?: boolean | undefined;
}

/** Numbers of an adapter. */
const adapterSize = ({ rank, targets }: AdapterShape): number =>
  targets.reduce((sum, { inputs, outputs }) => sum + rank * (inputs + outputs), 0);

/** Forward and backward pass on given responses. */
export function trainTask(
  config: VlmConfig,
  prompt: PromptShape,
  samples: number,
  time: number,
  { freeze = [], adapter, recompute = false }: Trained = {},
): Task {
  const response = { samples, time };
  const [asked, answered] = [promptFlops(prompt, config), responseFlops(prompt, response, config)];
  const scored = headFlops(prompt.prompts * samples * time, config.text).forward;
  const seen = visionFlops(prompt.grids, config).forward;
  const again = recompute ? asked.forward + answered.forward - scored - seen : 0;
  if (adapter !== undefined) {
    const { forward, backward } = adapterFlops(prompt, response, config, adapter);
    const how = { trained: adapterSize(adapter), recompute };
    return {
      work: [{ kind: "train", times: 1, flops: forward + backward + again }],
      bytes: trainingBytes(prompt, response, config, how),
    };
  }
  const all = asked.forward + asked.backward + answered.forward + answered.backward + again;
  const flops = all - frozenFlops(prompt, config, freeze);
  return {
    work: [{ kind: "train", times: 1, flops }],
    bytes: trainingBytes(prompt, response, config, { recompute }),
  };
}

/** The same on all text, one response to each prompt; `predicted` tokens of both are scored. */
export function trainTextTask(
  config: VlmConfig,
  prompt: PromptShape,
  time: number,
  predicted: number,
  { freeze = [], adapter, recompute = false }: Trained = {},
): Task {
  const response = { samples: 1, time };
  const { forward, backward } = textFlops(prompt, response, predicted, config);
  const outside =
    headFlops(predicted, config.text).forward + visionFlops(prompt.grids, config).forward;
  const again = recompute ? forward - outside : 0;
  const flops = forward + backward + again - frozenFlops(prompt, config, freeze);
  const how = { predicted, trained: adapter && adapterSize(adapter), recompute };
  return {
    work: [{ kind: "train", times: 1, flops }],
    bytes: trainingBytes(prompt, response, config, how),
  };
}

/** What a training step saves where nothing of the vision tower is trained. */
const frozenFlops = ({ grids }: PromptShape, config: VlmConfig, frozen: ReadonlyArray<string>) =>
  ["vision", "projector"].every((part) => frozen.includes(part))
    ? visionFlops(grids, config).backward
    : 0;

/** Examples drawn and tokenised on the host. */
export const exampleTask = (count: number): Task => ({
  work: [{ kind: "example", times: count, flops: 0 }],
  bytes: 0,
});

/**
 * Bytes of the weights a training stage holds: policy, frozen base, and two moments of the optimizer; with an adapter
 * one copy, and the adapter with its moments.
 */
export function weightBytes(config: VlmConfig, adapter?: AdapterShape, copies = 4): number {
  const own = parameterCount(config);
  return 4 * (adapter === undefined ? copies * own : own + 3 * adapterSize(adapter));
}
