/**
 * Tokens a second of generation, beside `torch_side.py decode`, which asks `generate` of transformers for the same.
 *
 *   npx tsx bench/decode.ts --model DIR [--max-new 32] [--steps 5] [--engine NAME] [--json]
 *
 * Batches of 1, 8, 64 and 128 prompts with a picture each, temperature 1, no response ends early.
 */
import * as Effect from "effect/Effect";
import { stream } from "../src/core/seed.ts";
import { generate } from "../src/models/generate.ts";
import { loadModel } from "../src/stages/policy.ts";
import { readProblem } from "../src/stages/worked.ts";
import { start } from "../src/tensor/engine.ts";
import { madeProblem } from "./made-problems.ts";
import { numberOption, type Spread, say, secondsOf, spreadOf, textOption } from "./measure.ts";

const dir = textOption("model");
if (dir === undefined) throw new Error("--model takes the folder of a model");
const maxTokens = numberOption("max-new", 32);
const rounds = numberOption("steps", 5);
const engine = await Effect.runPromise(start(textOption("engine") ?? "auto"));
const model = loadModel(dir);
const { tokens } = model.vlm.config;
const suppressed = [...tokens.visual, ...tokens.eos];
const speeds: Record<string, Spread> = {};
for (const batch of [1, 8, 64, 128]) {
  const random = stream(1, "decode", batch);
  const prompts = Array.from({ length: batch }, (_, at) => {
    return readProblem(model, madeProblem(`${at}`, random)).prompt;
  });
  const once = () =>
    generate(model.vlm, prompts, { samples: 1, maxTokens, temperature: 1, random, suppressed });
  once();
  const taken: Array<number> = [];
  for (let round = 0; round < rounds; round++) taken.push(await secondsOf(once));
  speeds[`batch ${batch}`] = spreadOf(taken.map((seconds) => (batch * maxTokens) / seconds));
}
if (process.argv.includes("--json")) {
  const medians = Object.entries(speeds).map(([name, { median }]) => [name, median]);
  const { name, threads } = engine;
  console.log(JSON.stringify({ tokens_per_s: Object.fromEntries(medians), engine: name, threads }));
} else {
  say(`decoding, ${engine.name}, ${engine.threads} thread(s)`, "tokens/s", speeds);
}
