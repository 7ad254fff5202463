/** Handler of `model`: checks the base folder and hands it on as policy and reference. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { model as definition } from "../dsl/phases.ts";
import { readModelFolder } from "../models/folder.ts";
import { handler } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";

const SHIPPED: Readonly<Record<string, string>> = {
  "tiny-vlm": fileURLToPath(new URL("../../assets/tiny-vlm", import.meta.url)),
};

/** The folder that `from` means: a shipped model by name, or a path. */
function modelFolder(from: string): string {
  return (existsSync(from) ? undefined : SHIPPED[from]) ?? resolve(from);
}

export const model = handler(
  definition,
  Effect.fnUntraced(function* ({ options, note }) {
    const dir = modelFolder(options.from);
    const { config, weights } = yield* attempt(() => readModelFolder(dir));
    const scalars = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    yield* note(`${config.family}, ${(scalars / 1e6).toFixed(2)} M parameters, from ${dir}`);
    return { policy: { dir }, reference: { dir } };
  }),
);
