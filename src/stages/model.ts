/** Handler of `model`: checks the base folder and hands it on as policy and reference. */
import * as Effect from "effect/Effect";
import { model as definition } from "../dsl/phases.ts";
import { modelFolder } from "../dsl/shipped.ts";
import { checkModelFolder } from "../models/folder.ts";
import { parameterCount } from "../models/memory.ts";
import { handler } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";

export const model = handler(
  definition,
  Effect.fnUntraced(function* ({ options, note }) {
    const dir = modelFolder(options.from);
    const config = yield* attempt(() => checkModelFolder(dir));
    const scalars = parameterCount(config);
    yield* note(`${config.family}, ${(scalars / 1e6).toFixed(2)} M parameters, from ${dir}`);
    return { policy: { dir }, reference: { dir } };
  }),
);
