/** A model folder's contents in words for a person. CLI. */
import { basename } from "node:path";
import type { AdapterInventory, Inventory } from "../../models/inventory.ts";
import { parts } from "../../models/inventory.ts";
import { fromHere } from "../summary.ts";
import { columns, wrapped } from "../table.ts";
import type { ModelInspection } from "./model-folder.ts";

const SHOWN = 24;
const WIDTH = 96;

/** Sections, each a label with its lines. */
export function renderModel(found: ModelInspection): string {
  const { kind, dir, family, usable, problems, weights, adapters } = found;
  const verdict = usable ? "can be used here" : "cannot be used here";
  const what =
    kind === "model" ? `model of the family ${family ?? "?"}, ${verdict}` : "PEFT adapter";
  const rows = [
    ...section("text", ...sizesText(found.text)),
    ...section("vision", ...sizesText(found.vision)),
    ...(kind === "model" ? section("weights", ...weightLines(weights)) : []),
    ...adapters.flatMap((one) => section("adapter", ...adapterLines(one, one.dir))),
    ...section("tokenizer", ...tokenizerLines(found)),
    ...section("template", ...templateLines(found)),
    ...section("images", ...imageLines(found)),
    ...section("problems", ...problems),
  ];
  return [`${fromHere(dir)}: ${what}`, ...columns(rows).map((line) => `  ${line}`)].join("\n");
}

/** Rows of one label; none without text. */
const section = (label: string, ...lines: ReadonlyArray<string>) =>
  lines.filter((line) => line !== "").map((line, index) => [index === 0 ? label : "", line]);

const sizesText = (sizes: Readonly<Record<string, number>>): ReadonlyArray<string> => {
  const pairs = Object.entries(sizes).map(([name, value]) => `${name} ${value}`);
  return wrapped(pairs, ", ", WIDTH);
};

const count = (value: number): string => value.toLocaleString("en");
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Parameters by part and number format, and the files they are in. */
export function weightLines({
  files,
  parameters,
  parts: byPart,
  dtypes,
}: Inventory): ReadonlyArray<string> {
  const share = (value: number) => `${((100 * value) / Math.max(1, parameters)).toFixed(1)} %`;
  const rows = parts.flatMap((part) => {
    const value = byPart[part];
    return value === undefined ? [] : [[part, count(value), share(value)]];
  });
  const formats = Object.entries(dtypes).map(([name, value]) =>
    value === parameters ? name : `${name} ${share(value)}`,
  );
  const tied = byPart["output head"] === undefined && byPart.embeddings !== undefined;
  return [
    `${count(parameters)} parameters in ${formats.join(", ") || "nothing"}`,
    ...columns(rows, [1, 2]).map((line) => `  ${line}`),
    tied ? "  output head tied to the embeddings" : "",
    ...files.map((one) => `${one.file}: ${count(one.tensors)} tensors, ${megabytes(one.bytes)}`),
  ];
}

function adapterLines(adapter: AdapterInventory, dir: string): ReadonlyArray<string> {
  const { kind, base, rank, alpha, targets, weights } = adapter;
  const on = targets.length === 0 ? "" : `, on ${targets.join(", ")}`;
  return [
    `${basename(dir)}: ${kind}, rank ${rank ?? "?"}, alpha ${alpha ?? "?"}${on}`,
    `${count(weights.parameters)} parameters; of the base ${base ?? "?"}`,
  ];
}

function tokenizerLines({ tokenizer }: ModelInspection): ReadonlyArray<string> {
  if (tokenizer === null) return [];
  const { type, size, special, words } = tokenizer;
  const marks = special.slice(0, SHOWN).join(" ");
  const more = special.length > SHOWN ? ` … ${special.length} in all` : "";
  return [
    `${type ?? "?"}, ${count(size)} tokens`,
    ...wrapped(`marks ${marks}${more}`.split(" "), " ", WIDTH),
    ...(words === null ? [] : wrapped(["words", ...words], " ", WIDTH)),
  ];
}

function templateLines({ chatTemplate }: ModelInspection): ReadonlyArray<string> {
  if (chatTemplate === null) return [];
  const { file, example } = chatTemplate;
  return [`${basename(file)}; a question with an image becomes`, JSON.stringify(example)];
}

function imageLines({ images }: ModelInspection): ReadonlyArray<string> {
  if (images === null) return [];
  const settings = Object.entries(images.settings).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const tokens = Object.entries(images.tokens).map(([size, value]) => `${size} ${value}`);
  return [
    ...wrapped(settings, ", ", WIDTH),
    `tokens of an image by its size: ${tokens.join(", ")}`,
  ];
}
