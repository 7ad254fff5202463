/**
 * Adapts Qwen2.5-VL-3B to chest X-ray reports by a low-rank adapter. To copy; nothing in it has been tuned.
 *
 *   npx tsx pipelines/radiology.ts [--seed N] [--engine NAME] [--steps-scale X] [--out DIR] [--json]
 *
 * The reports are OpenI's (Indiana University), from the Hugging Face Hub: Parquet with the columns `findings`,
 * `impression` and `img_frontal`, the image's bytes. A report is what a worked solution is elsewhere: the findings
 * are the thoughts, the impression is the answer. Rows of your own need the same three fields, as Parquet or JSONL.
 * `data/general.jsonl` holds what must stay, questions about other pictures, a row each:
 *
 *   {"image": "0.png", "prompt": "What color is the car?", "answer": "red"}
 */
import * as rcpa from "rcpa";

const instruction =
  "Think between <think> and </think>, then answer between <answer> and </answer>.";

const shared = {
  sampling: { prompts: 8, group: 8, maxTokens: 512 },
  // Words of the findings and the impression, of what is not imposed; runs said again cost.
  reward: { answer: 0, format: 0, steps: 0, rougeL: 1, bleu: 0.5, repetition: 0.2, overlong: 0.2 },
  // Holds the model to the base's own answers to the general questions.
  anchor: { weight: 1, images: "general", pool: 256, prompts: 8 },
  optimizer: { learningRate: 2e-5 },
  // So many responses at once; more would fill the memory of most machines.
  microBatch: 64,
} as const;

const radiology = rcpa
  .pipeline("radiology", {
    doc: "Findings and impression of frontal chest X-rays; general questions stay.",
    seed: 1,
    budgets: { retention: 0.97 },
  })
  .pipe(
    rcpa.model({ from: "hf://Qwen/Qwen2.5-VL-3B-Instruct" }),
    rcpa.lora({ rank: 16, alpha: 32 }),
    rcpa.data({
      domain: {
        folder: "hf://datasets/ykumards/open-i",
        ask: "Report this chest X-ray: the findings between <think> and </think>, then the impression between <answer> and </answer>.",
        fields: { image: "img_frontal", reference: "findings", answer: "impression" },
        distinct: "image",
        // Some studies have no frontal image, some reports no impression.
        gaps: "skip",
        maxPixels: 448 * 448,
      },
      general: { jsonl: "data/general.jsonl", distinct: "image", instruction },
    }),
    rcpa.warmup({ steps: 10, ...shared }),
    rcpa.partialConstraint({ maximumSteps: 300, ...shared }),
    rcpa.transition({ maximumSteps: 150, ...shared }),
    rcpa.grpo({ steps: 300, rehearsal: { prompts: 4 }, ...shared }),
    // An impression counts as right when its ROUGE-L with the expected one is a half.
    rcpa.evaluate({ by: "rougeL", least: 0.5, maxTokens: 512, batch: 16 }),
    rcpa.exportModel({ to: "radiology-adapter", format: "peft" }),
  );

export default radiology;

await rcpa.run(import.meta, radiology);
