/** What the package's own stages can say before they run; loads no tensor library. Serves `check` and `plan`. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { modelFolder } from "../dsl/shipped.ts";
import { checkModelFolder } from "../models/folder.ts";
import { loadProcessor } from "../models/processor.ts";
import type { Foresight, Problem } from "../runtime/estimate.ts";

/** Stages with something to say; the others are left out. */
export const foresights: ReadonlyArray<Foresight> = [
  { name: "model", check: checkModel },
  { name: "exportModel", check: checkExport },
];

/** Problems of a base model's folder: configuration, names and shapes of weights, tokenizer, images. */
function checkModel({ from }: { readonly from: string }): ReadonlyArray<Problem> {
  const dir = modelFolder(from);
  if (!existsSync(dir)) {
    const message = `there is no model folder ${dir}`;
    const hint = "a Hugging Face folder, or tiny-vlm, the one that ships with the package";
    return [{ code: "MissingFile", path: "from", message, hint }];
  }
  return [() => checkModelFolder(dir), () => loadProcessor(dir)].flatMap((attempt) => {
    try {
      attempt();
      return [];
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return [{ code: "UnusableFile", path: "from", message } as const];
    }
  });
}

/** A folder that is there and is no model folder would not be replaced. */
function checkExport({ to }: { readonly to: string }): ReadonlyArray<Problem> {
  if (!existsSync(to) || existsSync(join(to, "config.json"))) return [];
  if (readdirSync(to).length === 0) return [];
  const message = `${to} is not empty and not a model folder; it will not be replaced`;
  return [{ code: "UnusableFile", path: "to", message }];
}
