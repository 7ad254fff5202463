/** Folders in the layouts that Hugging Face data sets have: which files belong to which split. Data layer. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative, sep } from "node:path";
import { DataInvalid } from "./data-invalid.ts";
import { frontMatter, type Yaml, YamlProblem } from "./front-matter.ts";

/** Files of each split, by paths from the folder, in their order. */
export type Splits = ReadonlyMap<string, ReadonlyArray<string>>;

const kinds = new Set([".parquet", ".jsonl"]);
/** Names that the Hub's own loader takes for each split. */
const words: Readonly<Record<string, ReadonlyArray<string>>> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "dev", "val"],
  test: ["test", "testing", "eval", "evaluation"],
};
const MAX_FILES = 200_000;
const MAX_PATTERN = 300;

/**
 * The splits of a folder: those of a configuration in README.md, or else by the names of files and folders.
 *
 * @param name the folder as the user wrote it, for messages
 * @param config name of a configuration; null for the default one
 * Fails: `DataInvalid`, with what is in the folder.
 */
export function readDatasetFolder(dir: string, name: string, config: string | null): Splits {
  const files = filesIn(dir, name);
  const configs = configsOf(dir, name);
  if (configs !== undefined) return configured(configs, files, name, config);
  if (config !== null) {
    throw refusal(name, `has no configuration ${config}: there are no configs in its README.md`);
  }
  const rows = files.filter((file) => kinds.has(extname(file)));
  const splits = new Map<string, Array<string>>();
  for (const file of rows) {
    const split = splitOf(file);
    splits.set(split, [...(splits.get(split) ?? []), file]);
  }
  if (splits.size > 0) return splits;
  throw refusal(
    name,
    "is no data set that can be read: it should have data/train-00000-of-00001.parquet, train.jsonl, " +
      `metadata.jsonl with images, or configs in README.md; found ${contents(dir)}`,
  );
}

const refusal = (name: string, message: string) =>
  new DataInvalid({ file: name, problems: [{ place: name, message }] });

function filesIn(dir: string, name: string): ReadonlyArray<string> {
  if (!existsSync(dir)) throw refusal(name, "there is no such folder");
  if (!statSync(dir).isDirectory()) {
    throw refusal(name, "is a file; name it with jsonl or parquet, or name its folder");
  }
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
  if (entries.length > MAX_FILES) throw refusal(name, `holds more than ${MAX_FILES} files`);
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !file.split("/").some((part) => part.startsWith(".")))
    .sort();
}

/** The split that a path names: its file first, then its folders from the innermost out. */
function splitOf(file: string): string {
  for (const part of file.split("/").reverse()) {
    const tokens = part.toLowerCase().split(/[^a-z]+/);
    const found = Object.keys(words).find((split) =>
      tokens.some((token) => words[split]!.includes(token)),
    );
    if (found !== undefined) return found;
    const [, own] = /^(\w+)-\d{5}-of-\d{5}\./.exec(part) ?? [];
    if (own !== undefined) return own;
  }
  return "train";
}

/** A folder's first level in words. */
function contents(dir: string): string {
  const entries = readdirSync(dir, { withFileTypes: true });
  const named = entries
    .slice(0, 12)
    .map((entry) =>
      entry.isDirectory()
        ? `${entry.name}/ (${readdirSync(join(dir, entry.name)).length})`
        : entry.name,
    );
  const more = entries.length > 12 ? ` and ${entries.length - 12} more` : "";
  return named.length === 0 ? "nothing" : `${named.join(", ")}${more}`;
}

interface Config {
  readonly name: string;
  readonly isDefault: boolean;
  readonly patterns: ReadonlyArray<{ readonly split: string; readonly path: string }>;
}

function configsOf(dir: string, name: string): ReadonlyArray<Config> | undefined {
  const path = join(dir, "README.md");
  if (!existsSync(path)) return undefined;
  const place = `${name}/README.md`;
  try {
    const found = frontMatter(readFileSync(path, "utf8"), "configs");
    if (found === undefined || !Array.isArray(found)) return undefined;
    const configs = found.flatMap((one) => readConfig(one as Yaml));
    return configs.length === 0 ? undefined : configs;
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    const problem = { place: `${place}:${error.line}`, message: error.message };
    throw new DataInvalid({ file: place, problems: [problem] });
  }
}

const isMap = (value: Yaml | undefined): value is { readonly [key: string]: Yaml } =>
  typeof value === "object" && !Array.isArray(value);

function readConfig(value: Yaml): ReadonlyArray<Config> {
  if (!isMap(value)) return [];
  const { config_name, data_files } = value;
  if (typeof config_name !== "string" || data_files === undefined) return [];
  const isDefault = value.default === "true" || config_name === "default";
  return [{ name: config_name, isDefault, patterns: patternsOf(data_files, "train") }];
}

/** Patterns stand alone, in lists, or under the names of splits. */
function patternsOf(value: Yaml, split: string): Config["patterns"] {
  if (typeof value === "string") return [{ split, path: value }];
  if (Array.isArray(value)) return value.flatMap((one: Yaml) => patternsOf(one, split));
  if (!isMap(value)) return [];
  if (value.path !== undefined) {
    return patternsOf(value.path, typeof value.split === "string" ? value.split : split);
  }
  return Object.entries(value).flatMap(([name, one]) => patternsOf(one, name));
}

function configured(
  configs: ReadonlyArray<Config>,
  files: ReadonlyArray<string>,
  name: string,
  asked: string | null,
): Splits {
  const names = configs.map((one) => one.name).join(", ");
  const config =
    asked === null
      ? (configs.find(({ isDefault }) => isDefault) ??
        (configs.length === 1 ? configs[0] : undefined))
      : configs.find((one) => one.name === asked);
  if (config === undefined) {
    const which =
      asked === null
        ? "has several configurations and none is the default"
        : `has no configuration ${asked}`;
    throw refusal(name, `${which}; config: names one of ${names}`);
  }
  const splits = new Map<string, Array<string>>();
  for (const { split, path } of config.patterns) {
    const matching = files.filter(matcher(path, name));
    if (matching.length === 0) {
      throw refusal(name, `lists ${path} in README.md, but no such file is there`);
    }
    splits.set(split, [...(splits.get(split) ?? []), ...matching]);
  }
  const odd = [...splits.values()].flat().find((file) => !kinds.has(extname(file)));
  if (odd === undefined) return splits;
  throw refusal(name, `lists ${basename(odd)}, which is neither Parquet nor JSONL`);
}

/** Whether a path fits a pattern with `*`, `**` and `?`. */
function matcher(pattern: string, name: string): (path: string) => boolean {
  if (pattern.length > MAX_PATTERN || pattern.split("*").length > 8) {
    throw refusal(name, `has a pattern in README.md that is too long: ${pattern.slice(0, 60)}`);
  }
  const source = pattern
    .replace(/^\.\//, "")
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => globs[part] ?? part.replace(/[.+^${}()|[\]\\]/g, "\\$&"))
    .join("");
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}

const globs: Readonly<Record<string, string>> = {
  "**/": "(?:.*/)?",
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
};
