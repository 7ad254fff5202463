/** Runs pipelines of the package's own stages in this process. Used by tests of the stages. */
import * as Effect from "effect/Effect";
import type { Pipeline } from "../../src/dsl/pipeline.ts";
import { OwnRewards, type RewardFunction } from "../../src/rewards/own.ts";
import type { Event } from "../../src/runtime/events.ts";
import type { Handler } from "../../src/runtime/handler.ts";
import { handlers } from "../../src/stages/index.ts";
import { Engine } from "../../src/tensor/engine.ts";
import { startEngine } from "./engine.ts";
import { runIn } from "./runtime.ts";

/** Runs `pipeline` with `rewards` of one's own against the store in `root`; gives its artifacts, and its steps' metrics by stage. */
export async function runStages(
  root: string,
  pipeline: Pipeline,
  rewards: Readonly<Record<string, RewardFunction>> = {},
) {
  const engine = await startEngine();
  const ready = handlers.map(
    (one): Handler => ({
      ...one,
      run: (context) =>
        one
          .run(context)
          .pipe(Effect.provideService(Engine, engine), Effect.provideService(OwnRewards, rewards)),
    }),
  );
  const { events, error, result } = await runIn(root, pipeline, ready);
  if (error !== undefined) throw error;
  return { artifacts: result!.artifacts, steps: (stage: string) => stepsOf(events, stage), events };
}

function stepsOf(events: ReadonlyArray<Event>, stage: string) {
  return events.flatMap((event) =>
    event._tag === "StageProgress" && event.stage === stage && "learningRate" in event.metrics
      ? [event.metrics]
      : [],
  );
}
