/** Finds the weight files of a model folder and maps the names in them to canonical ones. Models layer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import { decodeJson, readJsonFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";
import { readSafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";

/** One tensor of a model folder: where it is, and what it is called there. */
export interface WeightPlace {
  readonly path: string;
  readonly nameInFile: string;
  readonly entry: TensorEntry;
}

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const IndexFile = Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) });

/** The name by which a family's weight is known, whatever a release called it; undefined for what is computed. */
export type Canonical = (name: string) => string | undefined;

/**
 * The tensors of a folder by canonical name, from `model.safetensors` or from the shards of its index.
 *
 * Fails: `ModelFolderInvalid`, `SafetensorsInvalid`.
 */
export function locateWeights(dir: string, canonical: Canonical): Map<string, WeightPlace> {
  const single = join(dir, SINGLE);
  const index = join(dir, INDEX);
  if (existsSync(single)) return collect([[single, undefined]], canonical);
  if (existsSync(index)) return collect(shards(dir, index), canonical);
  throw folderInvalid(dir, "", `no weights: neither ${SINGLE} nor ${INDEX} is there`);
}

type Shard = readonly [path: string, names: ReadonlySet<string> | undefined];

function shards(dir: string, index: string): Array<Shard> {
  const { weight_map } = decodeJson(IndexFile, readJsonFile(index), index);
  const namesOf = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(weight_map)) {
    if (!/^[\w.-]+\.safetensors$/.test(file)) {
      throw folderInvalid(index, `weight_map.${name}`, `"${file}" is not the name of a shard`);
    }
    namesOf.set(file, (namesOf.get(file) ?? new Set()).add(name));
  }
  return [...namesOf].map(([file, names]) => [join(dir, file), names] as const);
}

function collect(files: ReadonlyArray<Shard>, canonical: Canonical): Map<string, WeightPlace> {
  const places = new Map<string, WeightPlace>();
  for (const [path, names] of files) {
    const header = readSafetensorsHeader(path);
    for (const name of names ?? []) {
      if (!header.has(name)) throw folderInvalid(path, name, "missing, though the index names it");
    }
    for (const [nameInFile, entry] of header) {
      const name = canonical(nameInFile);
      if (name === undefined) continue;
      const other = places.get(name);
      if (other !== undefined) {
        throw folderInvalid(
          path,
          nameInFile,
          `is ${name}, as is ${other.nameInFile} in ${other.path}`,
        );
      }
      places.set(name, { path, nameInFile, entry });
    }
  }
  return places;
}
