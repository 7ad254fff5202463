/** Model folders with an adapter: links to the base's files, and a PEFT folder `adapter` beside them. Models layer. */
import { existsSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { NamedArray } from "../../core/named-array.ts";
import type { VlmConfig } from "../config.ts";
import { companions, readModelFolder, writeWhole } from "../folder.ts";
import { weightNames } from "../inventory.ts";
import type { LoraArrays } from "./adapter.ts";
import { merged } from "./merge.ts";
import { holdsAdapter, readPeftFolder, writePeftFolder } from "./peft-folder.ts";

const ADAPTER = "adapter";

/** The PEFT folder of a model folder; undefined where the model has no adapter. */
export function adapterFolder(dir: string): string | undefined {
  const path = join(dir, ADAPTER);
  return holdsAdapter(path) ? path : undefined;
}

/** The adapter of a model folder; undefined where it has none. Fails: as `readPeftFolder`. */
export function adapterOf(dir: string, config: VlmConfig): LoraArrays | undefined {
  const path = adapterFolder(dir);
  return path === undefined ? undefined : readPeftFolder(path, config);
}

/**
 * Writes a model folder with an adapter on the weights of `source.from`, which are linked, not copied: a step of
 * training costs the disk an adapter.
 *
 * The folder appears whole or not at all.
 * Fails: `ModelFolderInvalid` when `dir` is some other folder; `SafetensorsUnwritable` when the disk refuses.
 */
export function writeAdaptedFolder(
  dir: string,
  source: { readonly from: string; readonly config: VlmConfig; readonly adapter: LoraArrays },
): void {
  const { from, config, adapter } = source;
  writeWhole(dir, (partial) => {
    for (const name of readdirSync(from)) {
      if (isOfBase(name)) symlinkSync(realpathSync(join(from, name)), join(partial, name));
    }
    writePeftFolder(join(partial, ADAPTER), config, adapter);
  });
}

const isOfBase = (name: string) =>
  companions.includes(name) || /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/.test(name);

/** Whether two model folders have the very same files of weights. */
export function sharesWeights(one: string, other: string): boolean {
  const filesOf = (dir: string) => weightNames(dir).map((name) => realpathSync(join(dir, name)));
  return existsSync(one) && existsSync(other) && String(filesOf(one)) === String(filesOf(other));
}

/** A model folder's weights with its adapter, if it has one, worked in. Fails: as `readModelFolder`. */
export function readMergedFolder(dir: string): {
  readonly config: VlmConfig;
  readonly weights: Map<string, NamedArray>;
} {
  const { config, weights } = readModelFolder(dir);
  const adapter = adapterOf(dir, config);
  return { config, weights: adapter === undefined ? weights : merged(weights, adapter) };
}
