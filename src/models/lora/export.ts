/** A model for other tools: all weights with the adapter worked in, or the adapter alone. Models layer. */
import { cpSync } from "node:fs";
import * as Schema from "effect/Schema";
import { checkModelFolder, writeModelFolder, writeWhole } from "../folder.ts";
import { adapterFolder, readMergedFolder } from "./adapted-folder.ts";
import { ADAPTER_CONFIG, readPeftFolder } from "./peft-folder.ts";

export type ExportFormat = "merged" | "peft";

/** An adapter was asked of a model that has none. */
export class NoAdapter extends Schema.TaggedError<NoAdapter>()("NoAdapter", {
  message: Schema.String,
}) {}

/**
 * Writes the model in `from` to the folder `to`, whole or not at all, and gives the number of its parameters.
 *
 * `merged`: a Hugging Face folder in float32; `peft`: `adapter_config.json` and `adapter_model.safetensors`.
 * Fails: `NoAdapter`; as `readModelFolder` and `writeModelFolder`.
 */
export function exportPolicy(from: string, format: ExportFormat, to: string): number {
  if (format === "merged") {
    const { weights } = readMergedFolder(from);
    writeModelFolder(to, { from, weights });
    return [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  }
  const adapter = adapterFolder(from);
  if (adapter === undefined) {
    const message = "the weights themselves were trained: there is no adapter";
    throw new NoAdapter({ message });
  }
  const { pairs } = readPeftFolder(adapter, checkModelFolder(from));
  writeWhole(to, (partial) => cpSync(adapter, partial, { recursive: true }), ADAPTER_CONFIG);
  return [...pairs.values()].reduce((sum, { a, b }) => sum + a.data.length + b.data.length, 0);
}
