/**
 * Writes a model with random weights in the shape of SmolVLM-256M-Instruct: 0.26 B parameters, one tile an image.
 *
 *   npx tsx bench/make-real-size.ts --to DIR
 *
 * Sizes are those of the published config.json; the tokenizer is a small one, so most of the vocabulary is never asked for.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NamedArray } from "../src/core/named-array.ts";
import { readConfig } from "../src/models/config.ts";
import { writeSafetensors } from "../src/models/safetensors.ts";
import { expectedShapes } from "../src/models/weight-shapes.ts";
import { textOption } from "./measure.ts";

const small = fileURLToPath(new URL("../test/golden/smolvlm/checkpoint", import.meta.url));
const dir = textOption("to");
if (dir === undefined) throw new Error("--to takes the folder to write");
mkdirSync(dir, { recursive: true });
for (const name of readdirSync(small)) {
  if (!name.startsWith("model")) copyFileSync(join(small, name), join(dir, name));
}
change("config.json", (config) => ({
  ...config,
  scale_factor: 4,
  text_config: {
    ...config.text_config,
    ...{ vocab_size: 49_280, hidden_size: 576, intermediate_size: 1536, head_dim: 64 },
    ...{ num_hidden_layers: 30, num_attention_heads: 9, num_key_value_heads: 3 },
  },
  vision_config: {
    ...config.vision_config,
    ...{ hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12 },
    ...{ num_attention_heads: 12, image_size: 512, patch_size: 16 },
  },
}));
change("preprocessor_config.json", (images) => ({
  ...images,
  ...{
    do_image_splitting: false,
    size: { longest_edge: 512 },
    max_image_size: { longest_edge: 512 },
  },
}));
const weights = new Map<string, NamedArray>();
let parameters = 0;
for (const [name, shape] of expectedShapes(readConfig(dir))) {
  const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
  weights.set(name, { shape, data: shape.length === 1 ? data.fill(1) : scatter(data) });
  parameters += data.length;
}
writeSafetensors(join(dir, "model.safetensors"), weights);
console.log(`${(parameters / 1e6).toFixed(0)} M parameters in ${dir}`);

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds is kept
function change(name: string, edit: (content: any) => unknown): void {
  const path = join(dir!, name);
  writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, "utf8"))), null, 2));
}

/** Uniform with the deviation that models start with; a generator of a few operations, for a quarter of a billion numbers. */
function scatter(data: Float32Array): Float32Array {
  let state = data.length | 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    data[i] = (state / 2 ** 31) * 0.035;
  }
  return data;
}
