/** What a stage gets where there is no runtime: a plain loop, nothing written down, nothing told. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { AnyStage } from "../src/dsl/stage.ts";
import type { StageContext } from "../src/runtime/handler.ts";

/** The context of `stage`, its inputs taken from `artifacts`, its files in the existing folder `outDir`. */
export function bareContext(
  stage: AnyStage,
  seed: number,
  artifacts: Readonly<Record<string, unknown>>,
  outDir: string,
): StageContext<unknown, unknown> {
  return {
    ...{ options: stage.options, seed, stage: stage.name, outDir, halvings: 0 },
    inputs: Object.fromEntries(stage.needs.map((need) => [need, artifacts[need]])),
    artifact: (relative) => join(outDir, relative),
    loop: (spec) =>
      Effect.gen(function* () {
        const state = yield* spec.start;
        for (let step = 0; step < spec.total && !spec.until?.(state); step++) {
          yield* spec.step(state, step);
        }
        return state;
      }),
    aside: (work) => work,
    progress: () => Effect.void,
    measure: () => Effect.void,
    note: () => Effect.void,
  };
}
