/** Lists and loads golden model folders: `test/golden/*` and those in the folder RCPA_EXTRA_GOLDEN. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NamedArray } from "../../src/core/named-array.ts";
import type { Raster } from "../../src/core/raster.ts";
import type { Message } from "../../src/models/chat-template.ts";
import { readImage } from "../../src/models/image-file.ts";
import { readSafetensors } from "../../src/models/safetensors.ts";

/** One prompt with the numbers that `transformers` gives for it. */
export interface GoldenCase {
  /** Position in `cases.json`; prefix of the case's names in the reference arrays. */
  readonly index: number;
  readonly messages: ReadonlyArray<Message>;
  readonly renderedPrompt: string;
  readonly promptIds: ReadonlyArray<number>;
  readonly completion: string;
  readonly completionIds: ReadonlyArray<number>;
  readonly greedyIds: ReadonlyArray<number>;
  readonly greedyText: string;
  /** Patches along time, height and width; of families that cut images so. */
  readonly imageGrid: ReadonlyArray<readonly [number, number, number]> | undefined;
  readonly images: () => Promise<Array<Raster>>;
}

/** A golden model: `checkpoint` is its Hugging Face folder. */
export interface GoldenModel {
  readonly name: string;
  readonly family: string;
  readonly checkpoint: string;
  readonly cases: ReadonlyArray<GoldenCase>;
  /** `k.pixel_values`, `k.completion_logprobs`, `k.logits_prompt_last`, `k.logits_tail` of case k. */
  readonly reference: () => Map<string, NamedArray>;
}

interface CaseFile {
  readonly messages: ReadonlyArray<{
    readonly role: string;
    readonly content: ReadonlyArray<
      { type: "image"; image: string } | { type: "text"; text: string }
    >;
  }>;
  readonly rendered_prompt: string;
  readonly prompt_ids: ReadonlyArray<number>;
  readonly completion: string;
  readonly completion_ids: ReadonlyArray<number>;
  readonly greedy_ids: ReadonlyArray<number>;
  readonly greedy_text: string;
  readonly image_grid_thw?: ReadonlyArray<readonly [number, number, number]>;
}

const OWN = fileURLToPath(new URL("../golden", import.meta.url));

/** The golden models, of one family or of all, the project's own first; throws when there are none. */
export function goldenModels(family?: string): Array<GoldenModel> {
  const extra = process.env.RCPA_EXTRA_GOLDEN;
  const roots = extra ? [OWN, extra] : [OWN];
  const folders = roots.flatMap((root) =>
    readdirSync(root)
      .sort()
      .map((name) => join(root, name)),
  );
  const models = folders
    .filter((dir) => existsSync(join(dir, "cases.json")) && existsSync(join(dir, "checkpoint")))
    .flatMap((dir) => loadModel(dir, family));
  if (models.length === 0)
    throw new Error(`no golden model of family ${family ?? "any"} in ${roots}`);
  return models;
}

function loadModel(dir: string, family: string | undefined): Array<GoldenModel> {
  const file: { family: string; cases: ReadonlyArray<CaseFile> } = JSON.parse(
    readFileSync(join(dir, "cases.json"), "utf8"),
  );
  if (family !== undefined && file.family !== family) return [];
  return [
    {
      name: basename(dir),
      family: file.family,
      checkpoint: join(dir, "checkpoint"),
      cases: file.cases.map((item, index) => loadCase(dir, item, index)),
      reference: () => readSafetensors(join(dir, "reference.safetensors")),
    },
  ];
}

function loadCase(dir: string, item: CaseFile, index: number): GoldenCase {
  const parts = item.messages.flatMap((message) => message.content);
  const paths = parts.flatMap((part) => (part.type === "image" ? [join(dir, part.image)] : []));
  return {
    index,
    messages: item.messages,
    renderedPrompt: item.rendered_prompt,
    promptIds: item.prompt_ids,
    completion: item.completion,
    completionIds: item.completion_ids,
    greedyIds: item.greedy_ids,
    greedyText: item.greedy_text,
    imageGrid: item.image_grid_thw,
    images: () => Promise.all(paths.map((path) => readImage(path))),
  };
}
