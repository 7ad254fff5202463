/** Rewards that a pipeline's file brings along: where each is written, and which are asked for and not there. CLI. */
import type { Issue } from "../dsl/issue.ts";
import type { AnyStage } from "../dsl/stage.ts";
import type { RewardFunction } from "../rewards/own.ts";
import { writtenIn } from "../runtime/origin.ts";

/** Rewards by the names that pipelines give them weights under. */
export type RewardFunctions = Readonly<Record<string, RewardFunction>>;

const written = new WeakMap<RewardFunction, ReadonlyArray<string>>();

/**
 * Marks a reward of one's own as written in the file that calls this.
 *
 * A stage that pays it runs anew when that file or what it imports changes; without the mark, when the
 * file of the pipeline changes.
 */
export function reward(score: RewardFunction): RewardFunction {
  written.set(score, writtenIn(reward));
  return score;
}

/** Names of the rewards of one's own that a stage pays. */
const paidBy = ({ options }: AnyStage): ReadonlyArray<string> => {
  const { own } = (options.reward ?? {}) as { readonly own?: Readonly<Record<string, number>> };
  return Object.entries(own ?? {}).flatMap(([name, weight]) => (weight > 0 ? [name] : []));
};

/** The files in which the rewards that a stage pays are written; those of the pipeline's file are not told apart. */
export function filesOfRewards(
  stage: AnyStage,
  given: RewardFunctions,
  pipelineFile: string,
): ReadonlyArray<string> {
  const files = paidBy(stage).flatMap((name) => {
    const score = given[name];
    const own = score === undefined ? [] : (written.get(score) ?? []);
    return own.length > 0 ? own : [pipelineFile];
  });
  return [...new Set(files)].sort();
}

/** An issue for each weight of a reward that the pipeline's file does not bring along. */
export function missingRewards(
  stages: ReadonlyArray<AnyStage>,
  given: RewardFunctions,
): ReadonlyArray<Issue> {
  const known = Object.keys(given);
  const there = known.length === 0 ? "none are given" : `given are ${known.join(", ")}`;
  return stages.flatMap((stage) =>
    paidBy(stage)
      .filter((name) => !Object.hasOwn(given, name))
      .map((name) => ({
        code: "MissingReward",
        path: [stage.name, "reward", "own", name].join("."),
        message: `no reward is called "${name}": ${there}`,
        hint: `run(import.meta, pipeline, { rewards: { ${name}: ({ completions }) => ... } })`,
        ...(stage.at && { at: stage.at }),
      })),
  );
}
