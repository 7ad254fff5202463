/** Handler of `initialize`: a tiny Qwen2.5-VL folder with random weights. */
import { mkdirSync } from "node:fs";
import * as Effect from "effect/Effect";
import { vocabulary } from "../data/vocabulary.ts";
import { initialize as definition } from "../dsl/phases.ts";
import { writeRandomModel } from "../models/families/qwen2_5_vl/random-model.ts";
import { handler } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";

export const initialize = handler(
  definition,
  Effect.fnUntraced(function* ({ options, seed, artifact }) {
    const dir = artifact("model");
    yield* attempt(() => {
      mkdirSync(dir, { recursive: true });
      writeRandomModel(dir, vocabulary, options, seed);
    });
    return { policy: { dir }, reference: { dir } };
  }),
);
