/**
 * Adapts Qwen2.5-VL-3B to the problems of Geometry3K by a low-rank adapter. To copy; nothing in it has been tuned.
 *
 *   npx tsx pipelines/geometry3k.ts [--seed N] [--engine NAME] [--steps-scale X] [--out DIR] [--json]
 *
 * Model and problems come from the Hugging Face Hub. The data set has answers and no solutions, but the constrained
 * phases impose parts of solutions: `data/geometry3k-worked.jsonl` holds those of a few hundred of its training
 * problems, written or checked by you, images beside it:
 *
 *   {"images": ["0.png"], "problem": "<image>Find x.", "answer": "5", "solution": "x * x = 9 + 16, so x = 5."}
 *
 * Without such a file leave it out, with `fields`, `rehearsal`, warmup, partialConstraint and transition. The same
 * form without `solution` has `data/general.jsonl`: questions about other pictures, which the model must not forget.
 */
import * as rcpa from "rcpa";

const problems = "hf://datasets/hiyouga/geometry3k@main/data";
const instruction =
  "Think between <think> and </think>, then answer between <answer> and </answer>.";

const shared = {
  sampling: { prompts: 8, group: 8, maxTokens: 512 },
  // Holds the model to the base's own answers to the general questions.
  anchor: { weight: 1, images: "general", pool: 256, prompts: 8 },
  optimizer: { learningRate: 2e-5 },
  // So many responses at once; more would fill the memory of most machines.
  microBatch: 64,
} as const;

const geometry3k = rcpa
  .pipeline("geometry3k", {
    doc: "Lengths, angles and areas read from textbook diagrams; general questions stay.",
    seed: 1,
    budgets: { retention: 0.97 },
  })
  .pipe(
    rcpa.model({ from: "hf://Qwen/Qwen2.5-VL-3B-Instruct" }),
    rcpa.lora({ rank: 16, alpha: 32 }),
    rcpa.data({
      domain: {
        parquet: [`${problems}/train-00000-of-00001.parquet`, "data/geometry3k-worked.jsonl"],
        validation: `${problems}/validation-00000-of-00001.parquet`,
        test: `${problems}/test-00000-of-00001.parquet`,
        fields: { reference: "solution" },
        // "Find x." is asked of many diagrams.
        distinct: "image",
        instruction,
      },
      general: { jsonl: "data/general.jsonl", distinct: "image", instruction },
    }),
    rcpa.warmup({ steps: 10, ...shared }),
    rcpa.partialConstraint({ maximumSteps: 300, ...shared }),
    rcpa.transition({ maximumSteps: 150, ...shared }),
    rcpa.grpo({ steps: 300, rehearsal: { prompts: 4 }, ...shared }),
    rcpa.evaluate({ maxTokens: 512, batch: 16 }),
    rcpa.exportModel({ to: "geometry3k-adapter", format: "peft" }),
  );

export default geometry3k;

await rcpa.run(import.meta, geometry3k);
