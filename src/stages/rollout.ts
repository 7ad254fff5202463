/** Groups of sampled responses with their rewards. Serves all reinforcement phases. */
import type { RandomStream } from "../core/seed.ts";
import type { Reward, Sampling } from "../dsl/training.ts";
import { type Generated, generate } from "../models/generate.ts";
import { mix, type Scored } from "../rewards/mix.ts";
import { decodeResponse, type LoadedModel } from "./policy.ts";
import type { Problem } from "./worked.ts";

/** A batch of groups; arrays are [prompt × sample], samples of a prompt adjacent. */
export interface Rollouts {
  readonly problems: ReadonlyArray<Problem>;
  readonly group: number;
  readonly responses: ReadonlyArray<Generated>;
  /** Points. */
  readonly rewards: Float32Array;
  /** What each response earned. */
  readonly scored: ReadonlyArray<Scored<keyof Reward & string>>;
  /** Means of the reward's components over all responses, in [0, 1]. */
  readonly components: Readonly<Record<string, number>>;
  /** [prompt]: share of the group whose answer is right. */
  readonly success: ReadonlyArray<number>;
  /** Number of tokens that were sampled. */
  readonly generatedTokens: number;
}

/**
 * Samples a group of responses to each problem, its first `imposed[x]` reference tokens given.
 *
 * At most `microBatch` responses are computed at once; the samples are those of the undivided batch.
 * Rewards score the whole response, the imposed part included: the answers are verifiable.
 */
export function rollOut(
  model: LoadedModel,
  problems: ReadonlyArray<Problem>,
  imposed: ArrayLike<number>,
  { group, temperature, maxTokens }: Sampling,
  reward: Reward,
  random: RandomStream,
  microBatch = Number.POSITIVE_INFINITY,
): Rollouts {
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
  const score = mix(reward);
  const scored = responses.map(({ ids }, row) =>
    score(decodeResponse(model, ids), problems[Math.floor(row / group)]!.example.answer),
  );
  const share = (name: keyof Reward, rows: typeof scored) =>
    rows.reduce((sum, { components }) => sum + components[name], 0) / rows.length;
  return {
    problems,
    group,
    responses,
    rewards: Float32Array.from(scored, ({ total }) => total),
    scored,
    components: {
      answer: share("answer", scored),
      format: share("format", scored),
      steps: share("steps", scored),
    },
    success: problems.map((_, x) => share("answer", scored.slice(x * group, (x + 1) * group))),
    generatedTokens: responses.reduce((sum, { logProbs }) => sum + logProbs.length, 0),
  };
}
