/** What a pipeline's file brings along, found again by the pipeline. CLI. */
import type { Pipeline } from "../dsl/pipeline.ts";
import type { Handler } from "../runtime/handler.ts";
import type { Engine } from "../tensor/engine.ts";
import type { RewardFunctions } from "./own-rewards.ts";

/** What a pipeline file may bring along. */
export interface Extras {
  /** Handlers of stages the file defines itself. */
  readonly handlers?: ReadonlyArray<Handler<Engine>>;
  /** Rewards of one's own, by the names that `reward: { own: { name: weight } }` pays them under. */
  readonly rewards?: RewardFunctions;
}

const extrasOf = new WeakMap<Pipeline, Extras>();

/** Remembers what the file that is being imported brings along. */
export function bringAlong(pipeline: Pipeline, extras: Extras): void {
  extrasOf.set(pipeline, extras);
}

/** The handlers that a pipeline's file brought along. */
export function handlersOf(pipeline: Pipeline): ReadonlyArray<Handler<Engine>> {
  return extrasOf.get(pipeline)?.handlers ?? [];
}

/** The rewards that a pipeline's file brought along. */
export function rewardsOf(pipeline: Pipeline): RewardFunctions {
  return extrasOf.get(pipeline)?.rewards ?? {};
}
