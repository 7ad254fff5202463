/** Handler of `exportModel`: the policy as a Hugging Face folder outside the store. */
import { resolve } from "node:path";
import * as Effect from "effect/Effect";
import { exportModel as definition } from "../dsl/phases.ts";
import { exportPolicy } from "../models/lora/export.ts";
import { handler } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";

export const exportModel = handler(
  definition,
  Effect.fnUntraced(function* ({ options, inputs, note }) {
    const dir = resolve(options.to);
    yield* attempt(() => exportPolicy(inputs.policy.dir, options.format, dir));
    yield* note(`written to ${dir}`);
    return { exported: { dir } };
  }),
);
