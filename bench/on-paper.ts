/**
 * What a LoRA GRPO step takes on a device, by the counts and estimates that `plan` uses: a Markdown table for docs/scaling.md.
 *
 *   npx tsx bench/on-paper.ts [--prompts 8] [--group 8] [--max-new 256] [--image-tokens 256] [--rank 16]
 *
 * Sizes of the models are those of their published config.json. Nothing is loaded and nothing runs.
 */
import type { VlmConfig } from "../src/models/config.ts";
import {
  adapterFlops,
  decodeFlops,
  type PromptShape,
  promptFlops,
  responseFlops,
  visionFlops,
} from "../src/models/flops.ts";
import { chosenTargets } from "../src/models/lora/targets.ts";
import { parameterCount, passBytes, trainingBytes } from "../src/models/memory.ts";
import { numberOption } from "./measure.ts";

const prompts = numberOption("prompts", 8);
const group = numberOption("group", 8);
const time = numberOption("max-new", 256);
const imageTokens = numberOption("image-tokens", 256);
const rank = numberOption("rank", 16);
const QUESTION = 64;

const tokens = { image: 1, visual: [1], eos: [2], pad: 0 };
const qwen: Pick<VlmConfig, "family" | "tokens"> = { family: "qwen2_5_vl", tokens };
const windows = { windowSize: 112, fullAttentionBlocks: [7, 15, 23, 31], learnedPositions: 0 };
const models: Readonly<Record<string, VlmConfig>> = {
  "SmolVLM-256M": {
    ...{ family: "smolvlm", tokens },
    text: {
      ...{ hiddenSize: 576, layers: 30, heads: 9, kvHeads: 3, headDim: 64, intermediateSize: 1536 },
      ...{ rmsNormEps: 1e-5, ropeTheta: 1e5, mropeSection: [32, 0, 0], qkvBias: false },
      ...{ vocabSize: 49_280, tieWordEmbeddings: false },
    },
    vision: {
      ...{ depth: 12, hiddenSize: 768, intermediateSize: 3072, heads: 12, patchSize: 16 },
      ...{ temporalPatchSize: 1, mergeSize: 4, windowSize: 0, outHiddenSize: 576, inChannels: 3 },
      fullAttentionBlocks: Array.from({ length: 12 }, (_, block) => block),
      ...{ normEps: 1e-6, learnedPositions: 32 },
    },
  },
  "Qwen2-VL-2B": {
    ...{ family: "qwen2_vl", tokens },
    text: {
      ...{ hiddenSize: 1536, layers: 28, heads: 12, kvHeads: 2, headDim: 128 },
      ...{ intermediateSize: 8960, rmsNormEps: 1e-6, ropeTheta: 1e6, mropeSection: [16, 24, 24] },
      ...{ qkvBias: true, vocabSize: 151_936, tieWordEmbeddings: true },
    },
    vision: {
      ...{ depth: 32, hiddenSize: 1280, intermediateSize: 5120, heads: 16, patchSize: 14 },
      ...{ temporalPatchSize: 2, mergeSize: 2, outHiddenSize: 1536, inChannels: 3, normEps: 1e-6 },
      ...{ ...windows, fullAttentionBlocks: Array.from({ length: 32 }, (_, block) => block) },
    },
  },
  "Qwen2.5-VL-3B": {
    ...qwen,
    text: {
      ...{ hiddenSize: 2048, layers: 36, heads: 16, kvHeads: 2, headDim: 128 },
      ...{ intermediateSize: 11_008, rmsNormEps: 1e-6, ropeTheta: 1e6, mropeSection: [16, 24, 24] },
      ...{ qkvBias: true, vocabSize: 151_936, tieWordEmbeddings: true },
    },
    vision: {
      ...{ depth: 32, hiddenSize: 1280, intermediateSize: 3420, heads: 16, patchSize: 14 },
      ...{ temporalPatchSize: 2, mergeSize: 2, outHiddenSize: 2048, inChannels: 3, normEps: 1e-6 },
      ...windows,
    },
  },
};

const GIB = 2 ** 30;
const round = (value: number) => `${Number(value.toPrecision(3))}`;

/** A square image with about so many tokens; in tiles where the tower has places of its own for those of one. */
function shapeOf({ vision }: VlmConfig, count: number): PromptShape {
  const { mergeSize, learnedPositions: tile } = vision;
  const side = mergeSize * Math.round(Math.sqrt(imageTokens));
  const tiles = Math.max(1, Math.round(imageTokens / (tile / mergeSize) ** 2));
  const grid = tile > 0 ? ([tiles, tile, tile] as const) : ([1, side, side] as const);
  const grids = Array.from({ length: count }, () => grid);
  return { prompts: count, time: imageTokens + QUESTION, grids };
}

function row(name: string, config: VlmConfig): ReadonlyArray<string> {
  const targets = chosenTargets(config, "all-linear", ["text"]);
  const adapter = targets.reduce((sum, { inputs, outputs }) => sum + rank * (inputs + outputs), 0);
  const whole = shapeOf(config, prompts);
  const response = { samples: group, time };
  const rollout =
    promptFlops(whole, config).forward + time * decodeFlops(whole, group, time / 2, config);
  // Images are seen once in a step: the tower stays as it is.
  const seen = visionFlops(whole.grids, config).forward;
  const score =
    promptFlops(whole, config).forward + responseFlops(whole, response, config).forward - seen;
  const { forward, backward } = adapterFlops(whole, response, config, { rank, targets });
  const one = shapeOf(config, 1);
  const training = trainingBytes(one, { samples: 1, time }, config, { trained: adapter });
  const weights = 4 * (parameterCount(config) + 3 * adapter);
  const answering = passBytes(whole, { samples: group, time: 1 }, config, time);
  return [
    name,
    round(parameterCount(config) / 1e9),
    round(adapter / 1e6),
    round(weights / GIB),
    round(answering / GIB),
    round(training / GIB),
    round((weights + Math.max(answering, training)) / GIB),
    round(rollout / 1e12),
    round((score + forward - seen + backward) / 1e12),
  ];
}

const head = [
  ...["model", "parameters, B", "adapter, M", "weights, GiB", "generation, GiB"],
  ...["training, a response at once, GiB", "peak, GiB", "rollout, TFLOP", "update, TFLOP"],
];
const rows = Object.entries(models).map(([name, config]) => row(name, config));
for (const cells of [head, head.map(() => "---"), ...rows]) console.log(`| ${cells.join(" | ")} |`);
