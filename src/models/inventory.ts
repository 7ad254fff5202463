/** What the weight files of a folder hold, by their headers alone: sizes, number formats, parts. Models layer. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import { decodeJson, messageOf, optional, readJsonFile } from "./json-file.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";

/** The parts of a vision-language model, in the order data takes. */
export const parts = [
  "vision tower",
  "connector",
  "embeddings",
  "text decoder",
  "output head",
] as const;

type Part = (typeof parts)[number];

/** One file of weights. */
export interface WeightFile {
  readonly file: string;
  readonly bytes: number;
  readonly tensors: number;
  readonly parameters: number;
}

/** Numbers of parameters, in all and by part and number format. */
export interface Inventory {
  readonly files: ReadonlyArray<WeightFile>;
  readonly parameters: number;
  readonly parts: Readonly<Partial<Record<Part, number>>>;
  readonly dtypes: Readonly<Record<string, number>>;
  /** Files that break the format, in words. */
  readonly problems: ReadonlyArray<string>;
}

/** Weights of a PEFT adapter folder with the settings that matter for its use. */
export interface AdapterInventory {
  readonly kind: string;
  readonly base: string | null;
  readonly rank: number | null;
  readonly alpha: number | null;
  readonly targets: ReadonlyArray<string>;
  readonly weights: Inventory;
}

const ADAPTER = "adapter_config.json";
const AdapterFile = Schema.Struct({
  peft_type: optional(Schema.String),
  base_model_name_or_path: optional(Schema.String),
  r: optional(Schema.Int),
  lora_alpha: optional(Schema.Finite),
  target_modules: optional(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
});

/** The part that a tensor belongs to, by the names that model families use. */
function partOf(name: string): Part {
  if (/(^|\.)lm_head\./.test(name)) return "output head";
  if (/(^|\.)embed_tokens\./.test(name)) return "embeddings";
  if (/(^|\.)(merger|connector|multi_modal_projector)\./.test(name)) return "connector";
  if (/(^|\.)(visual|vision_model|vision_tower)\./.test(name)) return "vision tower";
  return "text decoder";
}

/** Looks at the headers of some files of a folder; one that cannot be read is told, the rest counts. */
export function inventory(dir: string, names: ReadonlyArray<string>): Inventory {
  const files: Array<WeightFile> = [];
  const problems: Array<string> = [];
  const byPart: Partial<Record<Part, number>> = {};
  const dtypes: Record<string, number> = {};
  for (const file of names) {
    const path = join(dir, file);
    try {
      let parameters = 0;
      const header = readSafetensorsHeader(path);
      for (const [name, { dtype, shape }] of header) {
        const elements = shape.reduce((product, length) => product * length, 1);
        const part = partOf(name);
        byPart[part] = (byPart[part] ?? 0) + elements;
        dtypes[dtype] = (dtypes[dtype] ?? 0) + elements;
        parameters += elements;
      }
      files.push({ file, bytes: statSync(path).size, tensors: header.size, parameters });
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  const parameters = files.reduce((sum, one) => sum + one.parameters, 0);
  return { files, parameters, parts: byPart, dtypes, problems };
}

/** Names of a folder's weight files: `model.safetensors`, or all shards. */
export function weightNames(dir: string): ReadonlyArray<string> {
  const names = readdirSync(dir).sort();
  if (names.includes("model.safetensors")) return ["model.safetensors"];
  return names.filter((name) => /^model-\d+-of-\d+\.safetensors$/.test(name));
}

/**
 * The adapter in a PEFT folder; undefined when there is none.
 *
 * Fails: `ModelFolderInvalid`.
 */
export function readAdapter(dir: string): AdapterInventory | undefined {
  const path = join(dir, ADAPTER);
  if (!existsSync(path)) return undefined;
  const file = decodeJson(AdapterFile, readJsonFile(path), path);
  return {
    kind: file.peft_type ?? "LORA",
    base: file.base_model_name_or_path ?? null,
    rank: file.r ?? null,
    alpha: file.lora_alpha ?? null,
    targets: [file.target_modules ?? []].flat(),
    weights: inventory(dir, ["adapter_model.safetensors"]),
  };
}
