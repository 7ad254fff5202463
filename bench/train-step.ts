/**
 * A supervised step: likelihood of responses, gradient, AdamW; beside `torch_side.py train`.
 *
 *   npx tsx bench/train-step.ts --model DIR [--prompts 64] [--max-new 32] [--steps 8] [--engine NAME] [--json]
 *
 * Each prompt has a picture and a response of `max-new` random tokens; pictures are ready beforehand.
 */
import * as Effect from "effect/Effect";
import { stream } from "../src/core/seed.ts";
import { sft } from "../src/index.ts";
import { CALM, DEFAULT_SAFEGUARD } from "../src/rl/safeguard.ts";
import { supervisedTerm } from "../src/stages/losses.ts";
import { loadPolicy } from "../src/stages/policy.ts";
import type { ReinforcementOptions } from "../src/stages/reinforce.ts";
import { update } from "../src/stages/update.ts";
import { readProblem } from "../src/stages/worked.ts";
import { start } from "../src/tensor/engine.ts";
import { madeProblem } from "./made-problems.ts";
import { numberOption, say, secondsOf, spreadOf, textOption } from "./measure.ts";

const WARM_UP = 2;

const dir = textOption("model");
if (dir === undefined) throw new Error("--model takes the folder of a model");
const [prompts, length] = [numberOption("prompts", 64), numberOption("max-new", 32)];
const steps = numberOption("steps", 8);
const { options } = sft({ steps, optimizer: { learningRate: 1e-4 } });
const { optimizer } = options as unknown as Pick<ReinforcementOptions, "optimizer">;
const engine = await Effect.runPromise(start(textOption("engine") ?? "auto"));
const policy = loadPolicy(dir);
const random = stream(1, "train");
const problems = Array.from({ length: prompts }, (_, at) => {
  const problem = readProblem(policy, madeProblem(`${at}`, random));
  // Ordinary tokens, away from the special ones at either end of the vocabulary.
  const reference = Array.from({ length }, () => 100 + random.integer(100));
  return { ...problem, reference };
});
let guard = CALM;
const taken: Array<number> = [];
for (let index = 0; index < steps + WARM_UP; index++) {
  const place = { stage: "bench", index, total: steps + WARM_UP };
  const seconds = await secondsOf(() => {
    const terms = [supervisedTerm(policy.vlm, problems)];
    guard = update(policy, terms, optimizer, DEFAULT_SAFEGUARD, guard, place).guard;
  });
  if (index >= WARM_UP) taken.push(seconds);
}
const step = spreadOf(taken);
const rss = process.resourceUsage().maxRSS / 1024;
if (process.argv.includes("--json")) {
  const { name, threads } = engine;
  const told = { median_step_s: step.median, peak_rss_mib: rss, engine: name, threads };
  console.log(JSON.stringify(told));
} else {
  say(`supervised step, ${engine.name}, ${engine.threads} thread(s)`, "s", { step });
}
