/** What a model folder holds, each part looked at by itself, so that a damaged one hides nothing of the rest. CLI. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chatTemplateFile } from "../../models/chat-template.ts";
import { checkModelFolder } from "../../models/folder.ts";
import {
  type AdapterInventory,
  type Inventory,
  inventory,
  readAdapter,
  weightNames,
} from "../../models/inventory.ts";
import { messageOf, readJsonFile } from "../../models/json-file.ts";
import { loadProcessor, type Processor } from "../../models/processor.ts";

/** A model folder, as `--json` gives it; null is what cannot be found out. */
export interface ModelInspection {
  readonly kind: "model" | "adapter";
  readonly dir: string;
  readonly family: string | null;
  /** Whether this package can use the model. */
  readonly usable: boolean;
  readonly problems: ReadonlyArray<string>;
  /** The sizes that `config.json` states. */
  readonly text: Readonly<Record<string, number>>;
  readonly vision: Readonly<Record<string, number>>;
  readonly weights: Inventory;
  readonly adapters: ReadonlyArray<AdapterInventory & { readonly dir: string }>;
  readonly tokenizer: TokenizerInspection | null;
  readonly chatTemplate: { readonly file: string; readonly example: string } | null;
  readonly images: ImageInspection | null;
}

interface TokenizerInspection {
  readonly type: string | null;
  readonly size: number;
  readonly special: ReadonlyArray<string>;
  /** All tokens of a small vocabulary, else null. */
  readonly words: ReadonlyArray<string> | null;
}

interface ImageInspection {
  /** What the folder states. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Tokens of an image by its size in pixels, width × height. */
  readonly tokens: Readonly<Record<string, number>>;
}

type Json = Readonly<Record<string, unknown>>;

/** Looks at a folder; nothing fails but reading its list of names. */
export function inspectModel(dir: string): ModelInspection {
  const problems: Array<string> = [];
  const attempt = <A>(look: () => A): A | undefined => {
    try {
      return look();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  const whole = existsSync(join(dir, "config.json"));
  const config = whole ? record(attempt(() => readJsonFile(join(dir, "config.json")))) : {};
  if (whole) attempt(() => checkModelFolder(dir));
  const processor = whole ? attempt(() => loadProcessor(dir)) : undefined;
  const weights = inventory(dir, weightNames(dir));
  const adapters = adapterFolders(dir).flatMap((folder) => {
    const found = attempt(() => readAdapter(folder));
    return found === undefined ? [] : [{ ...found, dir: folder }];
  });
  const broken = [weights, ...adapters.map((one) => one.weights)].flatMap((one) => one.problems);
  const template = processor && attempt(() => templateOf(dir, processor));
  const all = [...new Set([...problems, ...broken])];
  return {
    ...{ kind: whole ? "model" : "adapter", dir, family: textOf(config.model_type) },
    ...{ usable: whole && all.length === 0, problems: all },
    text: sizes(record(config.text_config ?? config), textSizes),
    vision: sizes(record(config.vision_config), visionSizes),
    ...{ weights, adapters },
    tokenizer: processor === undefined ? null : tokenizerOf(dir, processor),
    chatTemplate: template ?? null,
    images: (processor && attempt(() => imagesOf(dir, processor))) ?? null,
  };
}

const record = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

const textSizes = [
  ...["num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads"],
  ...["num_key_value_heads", "vocab_size", "max_position_embeddings"],
];
const visionSizes = [
  ...["depth", "num_hidden_layers", "hidden_size", "intermediate_size", "num_heads"],
  ...["num_attention_heads", "patch_size", "image_size", "spatial_merge_size"],
];

function sizes(config: Json, names: ReadonlyArray<string>): Readonly<Record<string, number>> {
  const found = names.flatMap((name) => {
    const value = config[name];
    return typeof value === "number" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** The folder itself, and those below it. */
function adapterFolders(dir: string): ReadonlyArray<string> {
  const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [dir, ...below.map(({ name }) => join(dir, name))];
}

const SMALL = 1000;

function tokenizerOf(dir: string, { tokenizer }: Processor): TokenizerInspection {
  const { size, special } = tokenizer;
  const file = record(readJsonFile(join(dir, "tokenizer.json")));
  const type = textOf(record(file.model).type);
  const ids = Array.from({ length: size }, (_, id) => id);
  // Pieces of words, as most tokenizers have them, would tell nobody anything.
  const words =
    size <= SMALL && type === "WordLevel" ? ids.map((id) => tokenizer.decode([id])) : null;
  return { type, size, special, words };
}

function templateOf(dir: string, processor: Processor) {
  const text =
    processor.tokenizer.firstUnknown("What is this?") === undefined ? "What is this?" : "…";
  const content = [{ type: "image" as const }, { type: "text" as const, text }];
  return { file: chatTemplateFile(dir), example: processor.render([{ role: "user", content }]) };
}

const imageSettings = [
  ...["image_processor_type", "do_resize", "size", "min_pixels", "max_pixels", "patch_size"],
  ...["merge_size", "do_image_splitting", "max_image_size", "image_mean", "image_std"],
];
const triedSizes = [
  [64, 64],
  [224, 224],
  [640, 480],
  [1024, 1024],
] as const;

function imagesOf(dir: string, processor: Processor): ImageInspection {
  const own = join(dir, "preprocessor_config.json");
  const file = record(
    existsSync(own)
      ? readJsonFile(own)
      : record(readJsonFile(join(dir, "processor_config.json"))).image_processor,
  );
  const settings = imageSettings.filter((name) => file[name] != null);
  const bare = processor.encodePrompt([{ role: "user", content: "" }], []).ids.length;
  const tokens = triedSizes.map(([width, height]) => {
    const raster = { width, height, data: new Uint8Array(width * height * 3) };
    const asked = [{ role: "user", content: [{ type: "image" as const }] }];
    const { ids } = processor.encodePrompt(asked, [raster]);
    return [`${width}×${height}`, ids.length - bare] as const;
  });
  return {
    settings: Object.fromEntries(settings.map((name) => [name, file[name]])),
    tokens: Object.fromEntries(tokens),
  };
}
