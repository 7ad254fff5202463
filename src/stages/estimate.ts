/** What the steps of a training stage will cost, from its options and what is known of model and data. Serves the estimates. */
import type { Imitation, Prefix } from "../dsl/curriculum.ts";
import type { Anchor, Optimizer } from "../dsl/training.ts";
import { type Cost, flopsOf } from "../runtime/estimate.ts";
import { HIDDEN_BYTES } from "./anchor.ts";
import {
  askTask,
  distributionTask,
  exampleTask,
  scoreTask,
  type Task,
  type Trained,
  trainTask,
  weightBytes,
} from "./estimate-work.ts";
import {
  batchShape,
  type DataFacts,
  type ModelFacts,
  responseTime,
  type Samples,
} from "./foreseen.ts";
import type { ReinforcementOptions } from "./reinforce.ts";

/** Model, data and a few examples: what every estimate starts from. */
export interface Foreseen {
  readonly model: ModelFacts;
  readonly data: DataFacts;
  readonly samples: Samples;
}

/** Options of a stage that reinforces, with those of the curriculum where it has them. */
export interface SteppedOptions extends ReinforcementOptions {
  readonly prefix?: Prefix;
  readonly imitation?: Imitation;
  readonly microBatch: number | null;
}

/**
 * Share of the groups whose rewards differ, so that they take part in the update. Nobody knows it
 * before: it was .40, .46 and .16 in the phases of the geometry pipeline (docs/log.md).
 */
const KEPT = 0.3;
const ASKED_AT_ONCE = 256;
const SCORED_AT_ONCE = 175;

/** One step of reinforcement: responses, the base's opinion of them, and the update's three terms. */
export function reinforcementStep(
  { model, samples }: Foreseen,
  options: SteppedOptions,
): Parts["step"] {
  const { config } = model;
  const { sampling, optimizer, objective, imitation, prefix } = options;
  const time = responseTime(samples.domain, sampling.maxTokens);
  // On average half of the largest share of a reference is imposed while a phase lasts.
  const imposed = prefix === undefined ? 0 : 0.5 * prefix.maxRatio * samples.domain.reference;
  const asked = batchShape(samples.domain, sampling.prompts, imposed);
  const rounds = roundsOf(sampling.refill);
  const kept = Math.max(1, Math.round(KEPT * rounds * sampling.prompts));
  const chosen = batchShape(samples.domain, kept);
  const tasks = [askTask(config, asked, sampling.group, time, rounds)];
  const trained = [trainTask(config, chosen, sampling.group, time, learnt(model, optimizer))];
  if (objective.klWeight > 0) tasks.push(scoreTask(config, chosen, sampling.group, time));
  // Both models' opinion of all responses, also of those that take no part.
  if (objective.klWeight > 0 && objective.kl === "reward")
    tasks.push(scoreTask(config, asked, sampling.group, time, 2));
  if (imitation !== undefined) {
    const batch = batchShape(samples.domain, sampling.prompts);
    const reference = Math.max(1, samples.domain.reference);
    tasks.push(scoreTask(config, batch, 1, reference, rounds));
    const drawn = batchShape(samples.domain, Math.round(rounds * sampling.prompts));
    if (imitation.strategy !== "none" && imitation.weight > 0)
      trained.push(trainTask(config, drawn, 1, reference, learnt(model, optimizer)));
  }
  const { updates } = objective;
  return withAnchor({ model, samples }, options, time, { tasks, trained, updates });
}

/** What is trained of a model. */
export const learnt = (
  { adapter }: ModelFacts,
  optimizer?: Pick<Optimizer, "freeze" | "recompute">,
): Trained => ({ adapter, freeze: optimizer?.freeze ?? [], recompute: optimizer?.recompute });

/** How many batches a step draws, when each round makes up for the groups that the ones before left without spread. */
function roundsOf(refill: number): number {
  const missing = Array.from({ length: refill }, (_, round) => (1 - KEPT) ** (round + 1));
  return missing.reduce((sum, share) => sum + share, 1);
}

/** The terms of a step with the anchor's, which the base answers first. */
export function withAnchor(
  { model, samples }: Pick<Foreseen, "model" | "samples">,
  { anchor, optimizer }: Pick<ReinforcementOptions, "optimizer"> & { readonly anchor: Anchor },
  time: number,
  step: Parts["step"],
): Parts["step"] {
  if (anchor.weight === 0) return step;
  const batch = batchShape(samples.general, anchor.prompts);
  const { config } = model;
  const answered = Math.min(time, responseTime(samples.general, time));
  const kept = 4 * anchor.pool * answered * config.text.hiddenSize <= HIDDEN_BYTES;
  const wanted = kept
    ? distributionTask(config, anchor.prompts * answered)
    : scoreTask(config, batch, 1, answered);
  return {
    ...step,
    tasks: [...step.tasks, wanted],
    trained: [...step.trained, trainTask(config, batch, 1, answered, learnt(model, optimizer))],
  };
}

/** The base's answers to the anchor's questions, unless an earlier stage has asked them. */
export function poolTasks(
  { model, samples }: Foreseen,
  anchor: Anchor,
  maxTokens: number,
): ReadonlyArray<Task> {
  if (anchor.weight === 0 || model.asked.includes(poolKey(anchor, maxTokens))) return [];
  const size = Math.min(anchor.pool, ASKED_AT_ONCE);
  const time = responseTime(samples.general, maxTokens);
  const batch = batchShape(samples.general, size);
  return [askTask(model.config, batch, 1, time, Math.ceil(anchor.pool / size))];
}

/** What tells one set of the anchor's questions from another. */
export const poolKey = ({ pool, images }: Anchor, maxTokens: number): string =>
  [pool, images, maxTokens].join(" ");

/** Greedy answers to so many examples of both suites. */
export function answerTasks(
  { model, samples }: Foreseen,
  counts: { readonly domain: number; readonly general: number },
  maxTokens: number,
  atOnce = SCORED_AT_ONCE,
): ReadonlyArray<Task> {
  return (["domain", "general"] as const).flatMap((suite) => {
    const count = counts[suite];
    if (count === 0) return [];
    const size = Math.min(count, atOnce);
    const time = responseTime(samples[suite], maxTokens);
    const shape = batchShape(samples[suite], size);
    return [askTask(model.config, shape, 1, time, count / size), exampleTask(count)];
  });
}

/** All terms are differentiated together, so what a step takes besides its operations comes once. */
function updateOf({ trained, updates = 1 }: Parts["step"]) {
  const flops = flopsOf(trained.flatMap(({ work }) => work));
  return { kind: "train", times: updates, flops } as const;
}

interface Parts {
  readonly steps: number;
  readonly mostSteps: number;
  readonly step: {
    readonly tasks: ReadonlyArray<Task>;
    readonly trained: ReadonlyArray<Task>;
    /** How often `trained` is done; default 1. */
    readonly updates?: number;
  };
  readonly around: ReadonlyArray<Task>;
}

/** Adds up a training stage; a micro-batch divides what its gradient holds, not what it computes. */
export function trainingCost(
  foreseen: Foreseen,
  { steps, mostSteps, step, around }: Parts,
  microBatch: number | null,
  batch: number,
): Cost {
  const { model, data, samples } = foreseen;
  const weights = weightBytes(model.config, model.adapter);
  const together = step.trained.reduce((sum, { bytes }) => sum + bytes, 0);
  const share = Math.min(1, (microBatch ?? batch) / batch);
  const passes = Math.max(0, ...[...step.tasks, ...around].map(({ bytes }) => bytes));
  const one = batchShape(samples.domain, 1);
  const single = trainTask(model.config, one, 1, samples.domain.time, learnt(model));
  const examples = exampleTask(data.train + data.validation + data.generalValidation);
  return {
    steps,
    mostSteps,
    perStep: [...step.tasks.flatMap(({ work }) => work), updateOf(step)],
    around: [...around, examples].flatMap(({ work }) => work),
    peakBytes: weights + Math.max(share * together, share * passes),
    leastBytes: weights + single.bytes,
    basis: foreseen,
  };
}
