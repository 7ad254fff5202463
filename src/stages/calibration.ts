/** Measures how fast this engine does one real piece of each kind of work with this very model. Serves `plan`. */
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../core/seed.ts";
import type { VlmConfig } from "../models/config.ts";
import { generate } from "../models/generate.ts";
import { parameterCount } from "../models/memory.ts";
import {
  batchPrompts,
  disposeModel,
  makeModel,
  type Prompt,
  promptPass,
  type Vlm,
} from "../models/model.ts";
import { responseLogProbabilities } from "../models/responses.ts";
import { expectedShapes } from "../models/weight-shapes.ts";
import { flopsOf } from "../runtime/estimate.ts";
import { type AdamState, disposeAdam, globalNorm, makeAdam, updateAdam } from "../tensor/adam.ts";
import { type Clock, type Line, lineThrough, type Point, secondsOf } from "../tensor/calibrate.ts";
import { gradients } from "../tensor/gradient.ts";
import { release, scoped } from "../tensor/memory.ts";
import { loadExamples } from "./dataset.ts";
import type { Foreseen } from "./estimate.ts";
import { askTask, scoreTask, trainTask, type WorkKind } from "./estimate-work.ts";
import { batchShape, type DataFacts, fewOf, type Samples } from "./foreseen.ts";

/** Seconds of each kind of work, and what the measurement itself took. */
export interface Speed {
  readonly lines: Readonly<Record<WorkKind, Line>>;
  readonly seconds: number;
}

/** Larger models are measured by a slice of as many weights: fewer layers and words, the same widths. */
const MOST_WEIGHTS = 2e7;
/** How each measurement is made, and the batches it is tried with. */
const CLOCK = { times: 3, within: 0.25 };
const SMALL = 2;
const LARGE = 16;
const GROUP = 8;
const TOKENS = 16;

/**
 * Measures with random weights and blank images of the real sizes; the values change no time.
 *
 * Memory: releases all it makes.
 */
export function calibrate({ model, data, samples }: Foreseen, onProcessor: boolean): Speed {
  const started = performance.now();
  const config = sliceOf(model.config);
  // Fewer layers launch fewer operations, and those launches are the fixed time.
  const launches = layersOf(model.config) / layersOf(config);
  const vlm = makeModel(config, randomWeights(config));
  const clock = { ...CLOCK, onProcessor };
  const bench: Bench = { clock, vlm, samples, adam: makeAdam(vlm.parameters) };
  try {
    const along = (point: (size: number) => Point, sizes: readonly [number, number]) => {
      const { fixed, perFlop } = measured(point, sizes);
      return { fixed: fixed * launches, perFlop };
    };
    // Training first, and once for nothing: it warms up what the others use as well.
    trainPoint(bench, 1);
    const train = along((size) => trainPoint(bench, size), [1, 6]);
    return {
      lines: {
        train,
        pass: along((size) => passPoint(bench, size), [SMALL, LARGE]),
        decode: along((size) => decodePoint(bench, size), [SMALL, LARGE]),
        example: { fixed: exampleSeconds(data, clock), perFlop: 0 },
      },
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    disposeAdam(bench.adam);
    disposeModel(vlm);
  }
}

interface Bench {
  readonly clock: Clock;
  readonly vlm: Vlm;
  readonly samples: Samples;
  adam: AdamState;
}

/** The small size, and the largest up to the wanted one that will not take too long. */
function measured(point: (size: number) => Point, [small, wanted]: readonly [number, number]) {
  const first = point(small);
  let size = wanted;
  while (size > small && (first.seconds * size) / small > 2 * CLOCK.within)
    size = Math.floor(size / 2);
  return size > small ? lineThrough(first, point(size)) : lineThrough(first);
}

function sliceOf(config: VlmConfig): VlmConfig {
  if (parameterCount(config) <= MOST_WEIGHTS) return config;
  const { text, vision, tokens } = config;
  const depth = Math.min(2, vision.depth);
  const needed = Math.max(tokens.image, tokens.pad, ...tokens.eos) + 1;
  return {
    ...config,
    text: { ...text, layers: Math.min(2, text.layers), vocabSize: Math.min(text.vocabSize, 4096) },
    vision: {
      ...vision,
      depth,
      fullAttentionBlocks: fullBlocks(vision, depth),
    },
    // Ids of the roles move into the smaller vocabulary.
    tokens: needed <= 4096 ? tokens : { image: 1, visual: [1, 2, 3, 4], eos: [5], pad: 6 },
  };
}

/** One block of each kind where the tower has both. */
function fullBlocks({ fullAttentionBlocks, depth: all }: VlmConfig["vision"], depth: number) {
  const count = Math.min(depth, fullAttentionBlocks.length === all ? depth : 1);
  return fullAttentionBlocks.length === 0
    ? []
    : Array.from({ length: count }, (_, index) => depth - 1 - index);
}

const layersOf = ({ text, vision }: VlmConfig) => text.layers + vision.depth;

function randomWeights(config: VlmConfig) {
  const random = stream(1, "calibration");
  const cycle = Float32Array.from({ length: 4099 }, () => 0.02 * random.normal());
  return new Map(
    [...expectedShapes(config)].map(([name, shape]) => {
      const data = new Float32Array(shape.reduce((size, side) => size * side, 1));
      return [name, { shape, data: data.map((_, i) => cycle[i % cycle.length]!) }] as const;
    }),
  );
}

/** Prompts of the shape: blank images first, then text. */
function prompts({ vlm, samples }: Bench, count: number) {
  const { tokens, vision } = vlm.config;
  const shape = batchShape(samples.domain, count);
  const values = vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
  const text = [7, 8, 9].find((id) => id !== tokens.image && !tokens.eos.includes(id))!;
  const list = Array.from({ length: count }, (_, index): Prompt => {
    const grids = shape.grids.length === 0 ? [] : [shape.grids[index]!];
    const images = grids.map((grid) => {
      const patches = grid[0] * grid[1] * grid[2];
      return {
        grid,
        patches: new Float32Array(patches * values),
        tokens: patches / vision.mergeSize ** 2,
      };
    });
    const seen = images.reduce((sum, image) => sum + image.tokens, 0);
    const ids = Array.from({ length: shape.time + 1 }, (_, i) => (i < seen ? tokens.image : text));
    return { ids, images };
  });
  return { shape, list };
}

const answers = (count: number) =>
  Array.from({ length: count }, () => Array.from({ length: TOKENS }, () => 9));

function passPoint(bench: Bench, count: number): Point {
  const { shape, list } = prompts(bench, count);
  const batch = batchPrompts(list, bench.vlm.config);
  const seconds = secondsOf(
    () => release(scoped(() => score(bench.vlm, batch, answers(count)))),
    bench.clock,
  );
  return { flops: flopsOf(scoreTask(bench.vlm.config, shape, 1, TOKENS).work), seconds };
}

const score = (vlm: Vlm, batch: ReturnType<typeof batchPrompts>, ids: Array<Array<number>>) =>
  responseLogProbabilities(vlm, batch, promptPass(vlm, batch), ids, TOKENS);

/** One decoding step with the choice of its tokens: the difference of a longer and a shorter answer. */
function decodePoint(bench: Bench, count: number): Point {
  const { shape, list } = prompts(bench, count);
  const { vlm } = bench;
  const [short, long] = [2, 10];
  const random = stream(1, "calibration", "decode");
  const answer = (maxTokens: number) => () => {
    const { visual, eos } = vlm.config.tokens;
    const suppressed = [...visual, ...eos];
    generate(vlm, list, { samples: GROUP, maxTokens, temperature: 1, random, suppressed });
  };
  const [less, more] = [
    secondsOf(answer(short), bench.clock),
    secondsOf(answer(long), bench.clock),
  ];
  const [, decode] = askTask(vlm.config, shape, GROUP, long + short).work;
  return { flops: decode!.flops, seconds: Math.max(1e-6, (more - less) / (long - short)) };
}

const ADAM = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, clipNorm: 1 };

function trainPoint(bench: Bench, count: number): Point {
  const { shape, list } = prompts(bench, count);
  const { vlm } = bench;
  const batch = batchPrompts(list, vlm.config);
  const ids = answers(count * GROUP);
  const step = () => {
    const loss = () => tf.mean(score(vlm, batch, ids)) as tf.Scalar;
    const { byName } = gradients(loss, vlm.parameters);
    const norm = globalNorm(byName);
    bench.adam = updateAdam(bench.adam, vlm.parameters, byName, norm, 0, ADAM);
    release([...byName.values()]);
  };
  const seconds = secondsOf(step, bench.clock);
  return { flops: flopsOf(trainTask(vlm.config, shape, GROUP, TOKENS).work), seconds };
}

/** Seconds to draw one example; the first ones are slower than the many that follow. */
function exampleSeconds({ ref }: DataFacts, clock: Clock): number {
  let [count, seed] = [0, ref.seed];
  const seconds = secondsOf(() => {
    const { domain } = loadExamples(fewOf({ ...ref, seed: ++seed }));
    count = domain.train.length;
  }, clock);
  return seconds / Math.max(1, count);
}
