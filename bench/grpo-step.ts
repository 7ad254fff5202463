/**
 * One GRPO step, the work that bench/trl_step.py gives TRL: rollout, reward, reference, loss, update.
 *
 *   npx tsx bench/grpo-step.ts --model DIR [--prompts 16] [--group 8] [--max-new 20] [--steps 8] [--side 84]
 *                             [--lora] [--rank 16] [--engine NAME] [--json]
 *
 * Full fine-tuning, or with `--lora` an adapter on all products of the text decoder; β 0.02, loss `grpo`, temperature 1, random rewards, new images of 84 × 84 pixels in every step;
 * no group is left out. With `--json` the last line is one object: median seconds of a step and of its parts, and what
 * each part computes in one more step.
 */

import { join } from "node:path";
import * as Effect from "effect/Effect";
import { type Laps, lap, measureLaps } from "../src/core/laps.ts";
import { stream } from "../src/core/seed.ts";
import { grpo } from "../src/index.ts";
import { writeAdaptedFolder } from "../src/models/lora/adapted-folder.ts";
import { newAdapter } from "../src/models/lora/adapter.ts";
import { chosenTargets } from "../src/models/lora/targets.ts";
import { CALM, DEFAULT_SAFEGUARD } from "../src/rl/safeguard.ts";
import { reinforcementTerm } from "../src/stages/losses.ts";
import { loadModel, loadPolicy } from "../src/stages/policy.ts";
import type { ReinforcementOptions } from "../src/stages/reinforce.ts";
import { rewarded, sample } from "../src/stages/rollout.ts";
import { update } from "../src/stages/update.ts";
import { readProblem } from "../src/stages/worked.ts";
import { start } from "../src/tensor/engine.ts";
import { countOperations } from "../src/tensor/operations.ts";
import { madeProblem } from "./made-problems.ts";
import { numberOption, say, spreadOf, temporaryFolder, textOption } from "./measure.ts";

const WARM_UP = 2;
const parts = ["preprocess", "vision", "prefill", "decode", "score", "backward", "optimizer"];

const dir = textOption("model");
if (dir === undefined) throw new Error("--model takes the folder of a model");
const sizes = { prompts: numberOption("prompts", 16), group: numberOption("group", 8) };
const maxTokens = numberOption("max-new", 20);
const side = numberOption("side", 84);
const steps = numberOption("steps", 8);
const { options } = grpo({
  steps,
  sampling: { ...sizes, maxTokens },
  objective: { loss: "grpo", klWeight: 0.02, zeroSpread: "keep" },
  optimizer: { learningRate: 1e-4 },
});
const reinforcing = options as unknown as ReinforcementOptions;
const engine = await Effect.runPromise(start(textOption("engine") ?? "auto"));
const { base, policy, loadSeconds } = loaded(dir);
let guard = CALM;
let tokens = 0;
let responses = 0;

/** The base, and the policy: a copy of it, or an adapter on its weights. */
function loaded(from: string) {
  const started = performance.now();
  const base = loadModel(from);
  const loadSeconds = (performance.now() - started) / 1000;
  if (!process.argv.includes("--lora")) return { base, policy: loadPolicy(from), loadSeconds };
  const rank = numberOption("rank", 16);
  const { config } = base.vlm;
  const settings = { rank, alpha: 2 * rank, dropout: 0, rankStabilized: false };
  const adapter = newAdapter(chosenTargets(config, "all-linear", ["text"]), settings, "", 1);
  const adapted = join(temporaryFolder(), "policy");
  writeAdaptedFolder(adapted, { from, config, adapter });
  return { base, policy: loadPolicy(adapted, base), loadSeconds };
}

function step(index: number): void {
  const random = stream(1, "step", index);
  const problems = Array.from({ length: sizes.prompts }, (_, at) =>
    lap("preprocess", () => readProblem(policy, madeProblem(`${index}-${at}`, random, side))),
  );
  const imposed = new Uint8Array(problems.length);
  const samples = sample(policy, problems, imposed, { ...reinforcing.sampling, maxTokens }, random);
  const scored = samples.completions.map(() => {
    const total = random.uniform();
    return { total, components: {}, success: total };
  });
  const rollouts = rewarded(samples, scored, {});
  const term = reinforcementTerm(policy.vlm, base.vlm, rollouts, reinforcing.objective, maxTokens);
  const place = { stage: "bench", index, total: steps + WARM_UP };
  guard = update(policy, [term!], reinforcing.optimizer, DEFAULT_SAFEGUARD, guard, place).guard;
  tokens += samples.generatedTokens;
  responses += samples.responses.length;
}

const measured: Array<Laps> = [];
for (let index = 0; index < steps + WARM_UP; index++) {
  if (index === WARM_UP) [tokens, responses] = [0, 0];
  const laps = await measureLaps(() => step(index));
  if (index >= WARM_UP) measured.push(laps);
}
const whole = spreadOf(
  measured.map((laps) => [...laps.values()].reduce((sum, one) => sum + one, 0)),
);
const byPart = Object.fromEntries(
  [...parts, "everything else"].map((part) => [
    part,
    spreadOf(measured.map((laps) => laps.get(part) ?? 0)),
  ]),
);
if (process.argv.includes("--json")) {
  const operations = countOperations();
  const flops = await measureLaps(() => step(steps + WARM_UP), operations.flops);
  console.log(
    JSON.stringify({
      median_step_s: whole.median,
      range_s: [whole.low, whole.high],
      parts_s: Object.fromEntries(
        Object.entries(byPart).map(([part, { median }]) => [part, median]),
      ),
      parts_flop: Object.fromEntries(flops),
      mean_tokens: tokens / responses,
      load_s: loadSeconds,
      generate_s: ["vision", "prefill", "decode"].reduce(
        (sum, part) => sum + (byPart[part]?.median ?? 0),
        0,
      ),
      peak_rss_mib: process.resourceUsage().maxRSS / 1024,
      engine: engine.name,
      threads: engine.threads,
      ...{ ...sizes, max_new: maxTokens, steps },
    }),
  );
} else {
  say(`GRPO step, ${engine.name}, ${engine.threads} thread(s)`, "s", { step: whole, ...byPart });
  console.log(`mean response ${(tokens / responses).toFixed(1)} tokens`);
}
