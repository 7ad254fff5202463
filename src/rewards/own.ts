/** Rewards that users write: called with whole batches, awaited, limited in time, and blamed by name. Rewards layer. */
import { inspect } from "node:util";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Raster } from "../core/raster.ts";
import type { Measured } from "./mix.ts";

/** The columns of a batch; index `i` of each is response `i`, samples of a prompt adjacent. */
export interface RewardBatch {
  /** Questions. */
  readonly prompts: ReadonlyArray<string>;
  /** Whole responses, what was imposed of the reference included. */
  readonly completions: ReadonlyArray<string>;
  /** What the model itself generated of them. */
  readonly continuations: ReadonlyArray<string>;
  /** Expected answers. */
  readonly answers: ReadonlyArray<string>;
  /** Worked references, where there are any. */
  readonly references: ReadonlyArray<string | undefined>;
  /** The examples' families. */
  readonly families: ReadonlyArray<string>;
  readonly images: ReadonlyArray<Raster>;
}

/** A score for each response, any finite number, best in [0, 1]; null where the reward does not apply. */
export type RewardScores = ReadonlyArray<number | null>;

/**
 * A reward of one's own, as TRL's reward functions: columns in, a score for each response out, at once
 * or later. Rollouts must repeat exactly, so it should give the same scores to the same batch.
 *
 * `signal` is aborted when the time is up.
 */
export type RewardFunction = (
  batch: RewardBatch,
  signal: AbortSignal,
) => RewardScores | Promise<RewardScores>;

/** What the pipeline's file brings along, by name; the application provides it. */
export const OwnRewards = Context.Reference<Readonly<Record<string, RewardFunction>>>(
  "rcpa/OwnRewards",
  { defaultValue: () => ({}) },
);

/** A reward that a user wrote threw, was late, or gave what is no score. */
export class RewardFailed extends Schema.TaggedError<RewardFailed>()("RewardFailed", {
  reward: Schema.String,
  problem: Schema.String,
  prompt: Schema.String,
  response: Schema.String,
}) {
  override get message(): string {
    const [prompt, response] = [this.prompt, this.response].map(brief);
    return `reward "${this.reward}" ${this.problem}; prompt ${prompt}, response ${response}`;
  }
}

const brief = (text: string): string =>
  JSON.stringify(text.length > 160 ? `${text.slice(0, 157)}...` : text);

/** How rewards of one's own are called. */
export interface OwnSettings {
  /** Time for a batch, seconds. */
  readonly seconds: number;
  /** What a failure does: end the stage, or earn 0. */
  readonly errors: "fail" | "zero";
}

/** What rewards of one's own gave. */
export interface OwnScores {
  /** By response. */
  readonly measured: ReadonlyArray<Measured>;
  /** By reward: how many responses earn 0 because it failed. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Calls the named rewards side by side on a batch.
 *
 * Fails: `RewardFailed`, unless failures earn 0.
 */
export const scoreOwn = Effect.fnUntraced(function* (
  names: ReadonlyArray<string>,
  batch: RewardBatch,
  settings: OwnSettings,
): Effect.fn.Return<OwnScores, RewardFailed> {
  const given = yield* OwnRewards;
  const columns = yield* Effect.forEach(
    names,
    (name) => column(name, given[name], batch, settings),
    { concurrency: "unbounded" },
  );
  return {
    measured: batch.prompts.map((_, row) =>
      Object.fromEntries(names.map((name, at) => [name, columns[at]!.scores[row]!])),
    ),
    failures: Object.fromEntries(names.map((name, at) => [name, columns[at]!.failed])),
  };
});

interface Column {
  readonly scores: RewardScores;
  readonly failed: number;
}

const column = Effect.fnUntraced(function* (
  name: string,
  reward: RewardFunction | undefined,
  batch: RewardBatch,
  settings: OwnSettings,
): Effect.fn.Return<Column, RewardFailed> {
  if (reward === undefined) return yield* blame(name, "was not given to run()", batch, 0);
  const tried = yield* Effect.result(call(name, reward, batch, settings.seconds));
  if (tried._tag === "Success") return { scores: tried.success, failed: 0 };
  const { late, error } = tried.failure;
  if (!late) return yield* oneByOne(name, reward, batch, settings, error);
  if (settings.errors === "fail") return yield* error;
  return { scores: batch.prompts.map(() => 0), failed: batch.prompts.length };
});

/** Finds out which response is to blame for what a batch failed with; the others keep their scores. */
const oneByOne = Effect.fnUntraced(function* (
  name: string,
  reward: RewardFunction,
  batch: RewardBatch,
  { seconds, errors }: OwnSettings,
  error: RewardFailed,
): Effect.fn.Return<Column, RewardFailed> {
  const scores: Array<number | null> = [];
  let failed = 0;
  for (const row of batch.prompts.keys()) {
    const tried = yield* Effect.result(call(name, reward, rowOf(batch, row), seconds));
    if (tried._tag === "Failure" && errors === "fail") return yield* tried.failure.error;
    if (tried._tag === "Failure") failed++;
    scores.push(tried._tag === "Success" ? tried.success[0]! : 0);
  }
  return errors === "zero" ? { scores, failed } : yield* error;
});

interface Failure {
  readonly late: boolean;
  readonly error: RewardFailed;
}

function call(
  name: string,
  reward: RewardFunction,
  batch: RewardBatch,
  seconds: number,
): Effect.Effect<RewardScores, Failure> {
  const failure = (problem: string, row = 0, late = false): Failure => ({
    late,
    error: blame(name, problem, batch, row),
  });
  return Effect.tryPromise({
    try: async (signal) => reward(batch, signal),
    catch: (error) => failure(`threw ${error instanceof Error ? error : inspect(error)}`),
  }).pipe(
    Effect.timeoutOrElse({
      duration: `${seconds} seconds`,
      orElse: () => Effect.fail(failure(`took longer than ${seconds} s`, 0, true)),
    }),
    Effect.flatMap((scores) => {
      const wrong = problemOf(scores, batch.prompts.length);
      return wrong === undefined
        ? Effect.succeed(scores)
        : Effect.fail(failure(wrong.problem, wrong.row));
    }),
  );
}

function problemOf(scores: unknown, length: number) {
  if (!Array.isArray(scores)) return { problem: "gave no array of scores", row: 0 };
  if (scores.length !== length)
    return { problem: `gave ${scores.length} scores for ${length} responses`, row: 0 };
  const row = scores.findIndex((score) => score !== null && !Number.isFinite(score));
  return row < 0 ? undefined : { problem: `gave ${String(scores[row])} as a score`, row };
}

function blame(reward: string, problem: string, batch: RewardBatch, row: number): RewardFailed {
  const [prompt, response] = [batch.prompts[row] ?? "", batch.completions[row] ?? ""];
  return new RewardFailed({ reward, problem, prompt, response });
}

function rowOf(batch: RewardBatch, row: number): RewardBatch {
  const columns = Object.entries(batch).map(([name, values]) => [name, [values[row]]]);
  return Object.fromEntries(columns) as RewardBatch;
}
