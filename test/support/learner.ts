/** A very small model with random weights, and real sessions that train it. Used by tests of the stages. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as Effect from "effect/Effect";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { RandomStream } from "../../src/core/seed.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import type { DatasetRef } from "../../src/dsl/artifacts.ts";
import type { Reward, Sampling } from "../../src/dsl/training.ts";
import { partialConstraint } from "../../src/index.ts";
import { writeRandomModel } from "../../src/models/families/qwen2_5_vl/random-model.ts";
import { CALM, DEFAULT_SAFEGUARD } from "../../src/rl/safeguard.ts";
import type { ConstrainedOptions } from "../../src/stages/constrained.ts";
import { supervisedTerm } from "../../src/stages/losses.ts";
import { type LoadedModel, savePolicy } from "../../src/stages/policy.ts";
import type { SampledStep } from "../../src/stages/reinforce.ts";
import { type Rollouts, sample, score } from "../../src/stages/rollout.ts";
import { type Learner, openSession, type Session, startLearner } from "../../src/stages/session.ts";
import { update } from "../../src/stages/update.ts";
import type { Problem } from "../../src/stages/worked.ts";
import { readParameters } from "../../src/tensor/parameters.ts";
import { startEngine } from "./engine.ts";

const SIZE = {
  ...{ hidden: 32, layers: 1, intermediate: 48 },
  ...{ visionHidden: 16, visionLayers: 1, visionIntermediate: 24 },
};

/** Few problems, all of them real. */
export const fewProblems: DatasetRef = {
  domain: { world: "geometry", worked: 8, answerOnly: 8, validation: 7, test: 7 },
  general: { world: "scenes", validation: 7, test: 7 },
  seed: 1,
};

/** Starts the best engine for the file and checks that every test leaves no tensor behind. */
export function onBestEngine(): void {
  let tensors = 0;
  beforeAll(async () => {
    await startEngine();
  });
  beforeEach(() => {
    tensors = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors, "tensors left behind").toBe(tensors);
  });
}

/** A folder for the whole test file, removed at its end; call it at the top of the file. */
export function folderForFile(): string {
  const dir = mkdtempSync(join(tmpdir(), "rcpa-test-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes a model with random weights into an existing folder and gives the folder. */
export function writeModel(dir: string, seed = 1): string {
  writeRandomModel(dir, vocabulary, SIZE, seed);
  return dir;
}

/** Decoded options of a constrained stage: its defaults on a small scale, changed by `own`. */
export function smallOptions(
  own: NonNullable<Parameters<typeof partialConstraint>[0]> = {},
): ConstrainedOptions {
  const { issues, options } = partialConstraint({
    ...own,
    sampling: { prompts: 4, group: 4, maxTokens: 18, ...own.sampling },
    anchor: { prompts: 4, pool: 8, ...own.anchor },
  });
  expect(issues).toEqual([]);
  return options as unknown as ConstrainedOptions;
}

export interface Trial {
  /** Folder of the frozen base. */
  readonly base: string;
  /** Folder of the model to train; default: the base. */
  readonly policy?: string;
  readonly stage?: string;
  readonly options?: ConstrainedOptions;
}

/** Runs `body` with a session and a learner as a stage has them; both are released afterwards. */
export function training<A, Memory = object>(
  { base, policy = base, stage = "trial", options = smallOptions() }: Trial,
  body: (session: Session, learner: Learner<Memory>) => A,
  memory = {} as Memory,
): Promise<A> {
  const spec = {
    ...{ stage, seed: 1, anchor: options.anchor, maxTokens: options.sampling.maxTokens },
    inputs: { reference: { dir: base }, dataset: fewProblems },
  };
  const work = Effect.gen(function* () {
    const session = yield* openSession(spec);
    const learner = yield* startLearner<Memory>({ dir: policy }, session.base, memory);
    return body(session, learner);
  });
  return Effect.runPromise(Effect.scoped(work));
}

/** Teaches the first four worked problems by supervised steps; gives the last loss, nats a token. */
function teach(session: Session, { policy }: Learner<unknown>, steps: number): number {
  const problems = session.examples.worked.slice(0, 4).map(session.read);
  const { optimizer } = smallOptions({ optimizer: { learningRate: 3e-3 } });
  let [guard, loss] = [CALM as Learner<unknown>["guard"], 0];
  for (let index = 0; index < steps; index++) {
    const terms = [supervisedTerm(policy.vlm, problems)];
    const place = { stage: "teach", index, total: steps };
    const step = update(policy, terms, optimizer, DEFAULT_SAFEGUARD, guard, place);
    guard = step.guard;
    loss = step.metrics.supervisedLoss!;
  }
  return loss;
}

/** A model folder below `root` that solves some of the first four worked problems some of the time. */
export async function taughtModel(root: string, base: string, steps: number): Promise<string> {
  const dir = join(root, `taught-${steps}`);
  const options = smallOptions({ anchor: { weight: 0 } });
  await training({ base, options }, (session, learner) => {
    teach(session, learner, steps);
    savePolicy(learner.policy, dir);
  });
  return dir;
}

/** All weights of a learner, end to end by name, for exact comparison. */
export function weightsOf({ policy }: Learner<unknown>): Record<string, ReadonlyArray<number>> {
  const arrays = readParameters(policy.vlm.parameters);
  return Object.fromEntries([...arrays].map(([name, { data }]) => [name, Array.from(data)]));
}

const noCider = (): never => {
  throw new Error("no CIDEr is asked for here");
};

/** Samples and scores at once. */
export const rollOut = (
  model: LoadedModel,
  problems: ReadonlyArray<Problem>,
  imposed: ArrayLike<number>,
  sampling: Sampling,
  reward: Reward,
  random: RandomStream,
  atOnce?: number,
): Rollouts =>
  Effect.runSync(
    score(sample(model, problems, imposed, sampling, random, atOnce), reward, noCider),
  );

/** Takes a sampled step to its end. */
export const take = <Outcome>({ samples, reward, finish }: SampledStep<Outcome>): Outcome =>
  finish(Effect.runSync(score(samples, reward, noCider)));
