/** Reads and writes adapters as PEFT keeps them: `adapter_config.json` and `adapter_model.safetensors`. Models layer. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import type { NamedArray } from "../../core/named-array.ts";
import type { VlmConfig } from "../config.ts";
import { familyOf } from "../families/family.ts";
import { decodeJson, optional, readJsonFile } from "../json-file.ts";
import { folderInvalid } from "../model-folder-invalid.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import type { LoraArrays, LoraPair } from "./adapter.ts";
import type { LoraSettings } from "./settings.ts";
import { namesFor, targetsOf } from "./targets.ts";

/** The file that makes a folder an adapter's. */
export const ADAPTER_CONFIG = "adapter_config.json";
const TENSORS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";

const Rank = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_536 }));
const ConfigFile = Schema.Struct({
  peft_type: Schema.String,
  base_model_name_or_path: optional(Schema.String),
  r: Rank,
  lora_alpha: Schema.Finite,
  lora_dropout: optional(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.99 }))),
  use_rslora: optional(Schema.Boolean),
  use_dora: optional(Schema.Boolean),
  lora_bias: optional(Schema.Boolean),
  fan_in_fan_out: optional(Schema.Boolean),
  bias: optional(Schema.String),
  modules_to_save: optional(Schema.Array(Schema.String)),
  rank_pattern: optional(Schema.Record(Schema.String, Schema.Unknown)),
  alpha_pattern: optional(Schema.Record(Schema.String, Schema.Unknown)),
  init_lora_weights: optional(Schema.Union([Schema.Boolean, Schema.String])),
  // What newer releases of PEFT can add; any value but "no" changes what the matrices mean.
  layer_replication: Schema.optionalKey(Schema.Unknown),
  target_parameters: Schema.optionalKey(Schema.Unknown),
  trainable_token_indices: Schema.optionalKey(Schema.Unknown),
  use_qalora: Schema.optionalKey(Schema.Unknown),
  use_bdlora: Schema.optionalKey(Schema.Unknown),
  alora_invocation_tokens: Schema.optionalKey(Schema.Unknown),
  arrow_config: Schema.optionalKey(Schema.Unknown),
  kasa_config: Schema.optionalKey(Schema.Unknown),
  monteclora_config: Schema.optionalKey(Schema.Unknown),
  velora_config: Schema.optionalKey(Schema.Unknown),
});
type ConfigFile = typeof ConfigFile.Type;

/** Initialisations that leave the base's weights as they are; the others go with a changed base. */
const PLAIN_STARTS: ReadonlyArray<unknown> = [undefined, null, true, false, "gaussian", "eva"];

/** Fields that are not set in plain LoRA. */
const additions = [
  ...(["modules_to_save", "use_dora", "lora_bias", "fan_in_fan_out"] as const),
  ...(["rank_pattern", "alpha_pattern", "layer_replication", "target_parameters"] as const),
  ...(["trainable_token_indices", "use_qalora", "use_bdlora", "alora_invocation_tokens"] as const),
  ...(["arrow_config", "kasa_config", "monteclora_config", "velora_config"] as const),
];

/** Whether a folder holds an adapter. */
export const holdsAdapter = (dir: string): boolean => existsSync(join(dir, ADAPTER_CONFIG));

/**
 * The adapter in a folder for a model of this shape.
 *
 * Fails: `ModelFolderInvalid` naming file and field or tensor: what is no LoRA adapter, has more than low-rank
 * matrices, or does not fit the model; `SafetensorsInvalid`.
 */
export function readPeftFolder(dir: string, config: VlmConfig): LoraArrays {
  const path = join(dir, ADAPTER_CONFIG);
  const file = decodeJson(ConfigFile, readJsonFile(path), path);
  refuse(path, file);
  const settings: LoraSettings = {
    rank: file.r,
    alpha: file.lora_alpha,
    dropout: file.lora_dropout ?? 0,
    rankStabilized: file.use_rslora ?? false,
  };
  const pairs = readPairs(join(dir, TENSORS), config, settings.rank);
  return { settings, pairs, base: file.base_model_name_or_path ?? "" };
}

function refuse(path: string, file: ConfigFile): void {
  const some = (value: unknown) =>
    typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  const checks: ReadonlyArray<readonly [field: keyof ConfigFile, unsupported: boolean]> = [
    ["peft_type", file.peft_type !== "LORA"],
    ["bias", (file.bias ?? "none") !== "none"],
    ["init_lora_weights", !PLAIN_STARTS.includes(file.init_lora_weights)],
    ...additions.map((field) => [field, some(file[field])] as const),
  ];
  for (const [field, unsupported] of checks) {
    if (!unsupported) continue;
    const found = JSON.stringify(file[field]);
    throw folderInvalid(path, field, `${found} is not supported: LoRA matrices alone are`);
  }
}

function readPairs(path: string, config: VlmConfig, rank: number): Map<string, LoraPair> {
  const { canonicalName } = familyOf(config);
  const targets = new Map(targetsOf(config).map((target) => [target.module, target]));
  const halves = new Map<string, { a?: NamedArray; b?: NamedArray }>();
  for (const [name, array] of readSafetensors(path)) {
    const [, named, side] = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
    const module = named && canonicalName(`${named}.weight`)?.replace(/\.weight$/, "");
    const target = module && targets.get(module);
    if (!target) throw folderInvalid(path, name, "belongs to no product of the model");
    const shape = side === "A" ? [rank, target.inputs] : [target.outputs, rank];
    if (String(array.shape) !== String(shape)) {
      throw folderInvalid(path, name, `expected [${shape}], found [${array.shape}]`);
    }
    const half = halves.get(target.module) ?? {};
    halves.set(target.module, half);
    half[side === "A" ? "a" : "b"] = array;
  }
  if (halves.size === 0) throw folderInvalid(path, "", "holds no matrices");
  const pairs = new Map<string, LoraPair>();
  for (const module of targets.keys()) {
    const { a, b } = halves.get(module) ?? {};
    if (a !== undefined && b !== undefined) pairs.set(module, { a, b });
    else if (a !== b) throw folderInvalid(path, module, "has one of its two matrices only");
  }
  return pairs;
}

/**
 * Writes an adapter that `peft` and this package load.
 *
 * Fails: `SafetensorsUnwritable`; throws file-system errors.
 */
export function writePeftFolder(dir: string, config: VlmConfig, adapter: LoraArrays): void {
  const { settings, pairs, base } = adapter;
  const adapted = targetsOf(config).filter(({ module }) => pairs.has(module));
  mkdirSync(dir, { recursive: true });
  writeSafetensors(
    join(dir, TENSORS),
    new Map(
      adapted.flatMap(({ module, name }) => {
        const { a, b } = pairs.get(module)!;
        return [
          [`${PREFIX}${name}.lora_A.weight`, a],
          [`${PREFIX}${name}.lora_B.weight`, b],
        ] as const;
      }),
    ),
  );
  const file = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base,
    inference_mode: true,
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    use_rslora: settings.rankStabilized,
    use_dora: false,
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
    rank_pattern: {},
    alpha_pattern: {},
    target_modules: namesFor(config, adapted),
  } satisfies ConfigFile & Record<string, unknown>;
  writeFileSync(join(dir, ADAPTER_CONFIG), `${JSON.stringify(file, null, 2)}\n`);
}
