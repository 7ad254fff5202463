/** Groups of sampled responses, and what they earn. Serves all reinforcement phases. */
import * as Effect from "effect/Effect";
import type { RandomStream } from "../core/seed.ts";
import type { Reward, Sampling } from "../dsl/training.ts";
import { type Generated, generate } from "../models/generate.ts";
import type { Cider } from "../rewards/cider.ts";
import type { Completion } from "../rewards/completion.ts";
import { makeComponents } from "../rewards/components.ts";
import { mix, type Scored } from "../rewards/mix.ts";
import { type OwnScores, type RewardFailed, scoreOwn } from "../rewards/own.ts";
import { decodeResponse, type LoadedModel } from "./policy.ts";
import type { Problem } from "./worked.ts";

/** A batch of groups; arrays are [prompt × sample], samples of a prompt adjacent. */
export interface Samples {
  readonly problems: ReadonlyArray<Problem>;
  readonly group: number;
  readonly responses: ReadonlyArray<Generated>;
  /** As rewards see the responses. */
  readonly completions: ReadonlyArray<Completion>;
  /** Number of tokens that were sampled. */
  readonly generatedTokens: number;
}

/** Samples with what they earned. */
export interface Rollouts extends Samples {
  /** Points. */
  readonly rewards: Float32Array;
  /** What each response earned. */
  readonly scored: ReadonlyArray<Scored>;
  /** Means of the reward's components that have weight, over the responses they apply to. */
  readonly components: Readonly<Record<string, number>>;
  /** By reward of one's own: how many responses earn 0 because it failed. */
  readonly failures: Readonly<Record<string, number>>;
  /** [prompt]: how far the group did the task, in [0, 1]: the share of right answers. */
  readonly success: ReadonlyArray<number>;
}

/**
 * Samples a group of responses to each problem, its first `imposed[x]` reference tokens given.
 *
 * At most `microBatch` responses are computed at once; the samples are those of the undivided batch.
 */
export function sample(
  model: LoadedModel,
  problems: ReadonlyArray<Problem>,
  imposed: ArrayLike<number>,
  { group, temperature, maxTokens }: Sampling,
  random: RandomStream,
  microBatch = Number.POSITIVE_INFINITY,
): Samples {
  const prompts = problems.map(({ prompt }) => prompt);
  const forced = problems.map(({ reference }, x) => reference.slice(0, imposed[x]));
  const responses = generate(model.vlm, prompts, {
    samples: group,
    maxTokens,
    temperature,
    random,
    forced,
    atOnce: microBatch,
  });
  return {
    problems,
    group,
    responses,
    completions: responses.map((response, row) =>
      completion(model, problems[Math.floor(row / group)]!, response, maxTokens),
    ),
    generatedTokens: responses.reduce((sum, { logProbs }) => sum + logProbs.length, 0),
  };
}

function completion(
  model: LoadedModel,
  { example, reference }: Problem,
  { ids, imposed }: Generated,
  limit: number,
): Completion {
  const generated = ids.slice(imposed);
  return {
    response: decodeResponse(model, ids),
    get continuation() {
      return decodeResponse(model, generated);
    },
    expected: example.answer,
    get rest() {
      return reference.length === 0 ? undefined : decodeResponse(model, reference.slice(imposed));
    },
    generated,
    tokens: ids.length,
    limit,
  };
}

/**
 * Scores samples: answers on the whole response, since they are verifiable, overlap on what was generated.
 *
 * @param cider is asked for when CIDEr has weight
 * Fails: `RewardFailed` when a reward of one's own does and must not.
 */
export const score = Effect.fnUntraced(function* (
  samples: Samples,
  reward: Reward,
  cider: () => Cider,
): Effect.fn.Return<Rollouts, RewardFailed> {
  const { own, tolerance, repetitionNgram, overlongBuffer, ownSeconds, ownErrors, ...base } =
    reward;
  const known = makeComponents({ tolerance, repetitionNgram, overlongBuffer, cider });
  const asked = Object.keys(own).filter((name) => own[name]! > 0);
  const { measured, failures }: OwnScores =
    asked.length === 0
      ? { measured: [], failures: {} }
      : yield* scoreOwn(asked, columnsOf(samples), { seconds: ownSeconds, errors: ownErrors });
  const grade = mix({ ...base, ...own }, known, { measured: Object.keys(own) });
  const scored = samples.completions.map((one, row) => grade(one, measured[row]));
  return rewarded(samples, scored, failures);
});

/** Samples with what they earned, response by response. */
export function rewarded(
  samples: Samples,
  scored: ReadonlyArray<Scored>,
  failures: Rollouts["failures"],
): Rollouts {
  const { group, problems } = samples;
  return {
    ...samples,
    rewards: Float32Array.from(scored, ({ total }) => total),
    scored,
    components: meansOf(scored),
    failures,
    success: problems.map((_, x) =>
      mean(scored.slice(x * group, (x + 1) * group).map(({ success }) => success)),
    ),
  };
}

function columnsOf({ problems, group, completions }: Samples) {
  const examples = completions.map((_, row) => problems[Math.floor(row / group)]!.example);
  return {
    prompts: examples.map(({ question }) => question),
    completions: completions.map(({ response }) => response),
    continuations: completions.map(({ continuation }) => continuation),
    answers: examples.map(({ answer }) => answer),
    references: examples.map(({ reference }) => reference),
    families: examples.map(({ family }) => family),
    images: examples.map(({ image }) => image),
  };
}

function meansOf(scored: ReadonlyArray<Scored>): Readonly<Record<string, number>> {
  const names = new Set(scored.flatMap(({ components }) => Object.keys(components)));
  const values = (name: string) => scored.flatMap(({ components }) => components[name] ?? []);
  return Object.fromEntries([...names].map((name) => [name, mean(values(name))]));
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
