/** What a pipeline's file brings along, found again by the pipeline. CLI. */
import type { Pipeline } from "../dsl/pipeline.ts";
import type { Handler } from "../runtime/handler.ts";
import type { Engine } from "../tensor/engine.ts";

/** What a pipeline file may bring along. */
export interface Extras {
  /** Handlers of stages the file defines itself. */
  readonly handlers?: ReadonlyArray<Handler<Engine>>;
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
