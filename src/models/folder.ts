/** Reads and writes Hugging Face model folders: configuration and weights as one checked whole. Models layer. */
import { randomUUID } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { NamedArray, PiecewiseArray } from "../core/named-array.ts";
import { readConfig, type VlmConfig } from "./config.ts";
import { discard, syncPath } from "./disk.ts";
import { familyOf } from "./families/family.ts";
import { messageOf, readJsonFile } from "./json-file.ts";
import { folderInvalid, ModelFolderInvalid } from "./model-folder-invalid.ts";
import {
  pieceReader,
  readTensors,
  SafetensorsUnwritable,
  writeSafetensors,
} from "./safetensors.ts";
import { locateWeights, type WeightPlace } from "./weight-files.ts";
import { expectedShapes } from "./weight-shapes.ts";

/** A model as read from disk; `weights` has exactly the names and shapes of `expectedShapes(config)`. */
export interface ModelFolder {
  readonly dir: string;
  readonly config: VlmConfig;
  readonly weights: Map<string, NamedArray>;
}

/** Files beside the weights that make a folder usable; copied when present. */
export const companions: ReadonlyArray<string> = [
  "config.json",
  "generation_config.json",
  "preprocessor_config.json",
  "video_preprocessor_config.json",
  "processor_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
];

const LISTED_PROBLEMS = 8;

/**
 * Reads configuration and weights of a model folder; weights of any stored format become float32.
 *
 * All names and shapes are checked before any weight is read.
 * Fails: `ModelFolderInvalid` naming file, tensor, expected and found; `SafetensorsInvalid`.
 */
export function readModelFolder(dir: string): ModelFolder {
  const { config, places } = inspect(dir);
  return { dir, config, weights: readPlaces(config, places) };
}

/** A checkpoint whose tensors are read when they are asked for, by canonical name. */
export interface OpenFolder {
  readonly config: VlmConfig;
  readonly weights: { readonly get: (name: string) => PiecewiseArray | undefined };
}

/**
 * As `readModelFolder`, some rows at a time, so that no second copy of the weights is there while they go elsewhere.
 *
 * Fails: as `readModelFolder`; reading a tensor, `SafetensorsInvalid`.
 */
export function openModelFolder(dir: string): OpenFolder {
  const { config, places } = inspect(dir);
  const reader = pieceReader();
  const get = (name: string) => {
    const place = places.get(name);
    return place && reader(place.path, place.entry);
  };
  return { config, weights: { get } };
}

/**
 * The configuration of a model folder whose weight files have all the names and shapes it calls for;
 * no weight is read.
 *
 * Fails: as `readModelFolder`.
 */
export function checkModelFolder(dir: string): VlmConfig {
  return inspect(dir).config;
}

function inspect(dir: string) {
  const config = readConfig(dir);
  const places = locateWeights(dir, familyOf(config).canonicalName);
  // A stored head beside tied embeddings is a copy that the model would not use.
  if (config.text.tieWordEmbeddings) places.delete("lm_head.weight");
  const shapes = [...places].map(([name, place]) => [name, place.entry.shape] as const);
  checkShapes(dir, config, new Map(shapes), (name) => describePlace(name, places.get(name)!));
  return { config, places };
}

/**
 * Writes a model folder that this package and `transformers` load: `weights` as `model.safetensors`
 * (float32), configuration, tokenizer and image preprocessing copied from `source.from`.
 *
 * The folder appears whole or not at all; one that is there already, with a `config.json`, is replaced.
 * Fails: `ModelFolderInvalid` when the weights do not fit the configuration or `dir` is some other
 * folder; `SafetensorsUnwritable` when the disk refuses.
 */
export function writeModelFolder(
  dir: string,
  source: { readonly from: string; readonly weights: ReadonlyMap<string, NamedArray> },
): void {
  const config = readConfig(source.from);
  const shapes = [...source.weights].map(([name, { shape }]) => [name, shape] as const);
  checkShapes(dir, config, new Map(shapes), (name) => name);
  writeWhole(dir, (partial) => {
    copyCompanions(source.from, partial);
    writeSafetensors(join(partial, "model.safetensors"), source.weights);
  });
}

/**
 * Makes a folder by filling an empty one, which then takes its place: whole or not at all.
 *
 * @param mark the file that tells a folder which may be replaced
 * Fails: `ModelFolderInvalid` when `dir` is there and is some other folder; `SafetensorsUnwritable` when the disk refuses.
 */
export function writeWhole(
  dir: string,
  fill: (partial: string) => void,
  mark = "config.json",
): void {
  checkReplaceable(dir, mark);
  const target = resolve(dir);
  const partial = `${target}.partial-${randomUUID()}`;
  try {
    mkdirSync(partial, { recursive: true });
    fill(partial);
    for (const file of readdirSync(partial)) syncPath(join(partial, file));
    swapIn(partial, target);
  } catch (error) {
    discard(partial);
    if (error instanceof ModelFolderInvalid) throw error;
    const reason = messageOf(error).replaceAll(partial, target);
    const message = reason.startsWith(target) ? reason : `${target}: cannot write: ${reason}`;
    throw new SafetensorsUnwritable({ path: target, message });
  }
}

function readPlaces(config: VlmConfig, places: ReadonlyMap<string, WeightPlace>) {
  const paths = new Set([...places.values()].map((place) => place.path));
  const arrays = new Map<string, NamedArray>();
  for (const path of paths) {
    const inFile = [...places].filter(([, place]) => place.path === path);
    const header = new Map(inFile.map(([name, place]) => [name, place.entry]));
    for (const [name, array] of readTensors(path, header)) arrays.set(name, array);
  }
  // The order of the configuration, whatever the files' order, so that folders compare equal.
  return new Map([...expectedShapes(config).keys()].map((name) => [name, arrays.get(name)!]));
}

function describePlace(name: string, place: WeightPlace): string {
  const alias = place.nameInFile === name ? "" : ` (stored as ${place.nameInFile})`;
  return `${name}${alias} in ${place.path}`;
}

function checkShapes(
  dir: string,
  config: VlmConfig,
  found: ReadonlyMap<string, ReadonlyArray<number>>,
  describe: (name: string) => string,
) {
  const expected = expectedShapes(config);
  const problems: Array<readonly [name: string, problem: string]> = [];
  for (const [name, shape] of expected) {
    const actual = found.get(name);
    if (actual === undefined) problems.push([name, `${name}: missing, expected [${shape}]`]);
    else if (String(actual) !== String(shape)) {
      problems.push([name, `${describe(name)}: expected [${shape}], found [${actual}]`]);
    }
  }
  for (const [name, shape] of found) {
    if (!expected.has(name)) problems.push([name, `${describe(name)}: unexpected, [${shape}]`]);
  }
  if (problems.length === 0) return;
  const lines = problems.slice(0, LISTED_PROBLEMS).map(([, problem]) => problem);
  if (problems.length > lines.length) lines.push(`and ${problems.length - lines.length} more`);
  const message = `${dir}: weights do not fit config.json: ${lines.join("; ")}`;
  throw new ModelFolderInvalid({ path: dir, field: problems[0]![0], message });
}

function checkReplaceable(dir: string, mark: string) {
  if (!existsSync(dir) || existsSync(join(dir, mark))) return;
  if (readdirSync(dir).length > 0) {
    throw folderInvalid(dir, "", `is not empty and has no ${mark}; it will not be replaced`);
  }
}

function copyCompanions(from: string, to: string) {
  for (const file of companions) {
    if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file));
  }
  const config = asFloat32(readJsonFile(join(from, "config.json")));
  writeFileSync(join(to, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/** Sets every `dtype` (older name: `torch_dtype`) to float32: `transformers` loads in the stated one. */
function asFloat32(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const pairs = Object.entries(value).map(([key, item]) => {
    const isDtype = (key === "dtype" || key === "torch_dtype") && typeof item === "string";
    return [key, isDtype ? "float32" : asFloat32(item)] as const;
  });
  return Object.fromEntries(pairs);
}

function swapIn(partial: string, target: string) {
  const old = `${partial}.old`;
  const replaces = existsSync(target);
  if (replaces) renameSync(target, old);
  try {
    renameSync(partial, target);
  } catch (error) {
    if (replaces) renameSync(old, target);
    throw error;
  }
  syncPath(dirname(target));
  discard(old);
}
