/**
 * Adapts SmolVLM2-500M to the captions of COCO by a low-rank adapter. To copy; nothing in it has been tuned.
 *
 *   npx tsx pipelines/captions.ts [--seed N] [--engine NAME] [--steps-scale X] [--out DIR] [--json]
 *
 * The model comes from the Hugging Face Hub, the captions from COCO's own files, unpacked into `coco/`:
 *
 *   coco/annotations/captions_val2017.json   one object with the lists images and annotations
 *   coco/val2017/000000000139.jpg            5,000 images, about five captions to each
 *
 * The training part has 118,287 images; the data stage keeps each decoded. Captions of your own in the same layout
 * are read alike. `data/general.jsonl` holds what must stay, questions about other pictures, a row each:
 *
 *   {"image": "0.png", "prompt": "What color is the car?", "answer": "red"}
 */
import * as rcpa from "rcpa";

const shared = {
  sampling: { prompts: 8, group: 8, maxTokens: 64 },
  // How rare the words are that a response has in common with the caption, of what is not imposed.
  reward: { answer: 0, format: 0, steps: 0, cider: 1, rougeL: 0.5, repetition: 0.2 },
  // Holds the model to the base's own answers to the general questions.
  anchor: { weight: 1, images: "general", pool: 256, prompts: 8 },
  optimizer: { learningRate: 2e-5 },
  // So many responses at once; more would fill the memory of most machines.
  microBatch: 64,
} as const;

const captions = rcpa
  .pipeline("captions", {
    doc: "One sentence about a photograph; general questions stay.",
    seed: 1,
    budgets: { retention: 0.97 },
  })
  .pipe(
    rcpa.model({ from: "hf://HuggingFaceTB/SmolVLM2-500M-Video-Instruct" }),
    rcpa.lora({ rank: 16, alpha: 32 }),
    rcpa.data({
      domain: {
        jsonl: "coco/annotations/captions_val2017.json",
        images: "coco/val2017",
        ask: "Describe the image in one sentence.",
        // The caption itself is imposed and rewarded, without thoughts and answer block.
        references: "plain",
        fields: { reference: "caption" },
        distinct: "image",
        maxPixels: 512 * 512,
      },
      general: {
        jsonl: "data/general.jsonl",
        distinct: "image",
        instruction: "Answer between <answer> and </answer>.",
      },
    }),
    rcpa.warmup({ steps: 10, ...shared }),
    rcpa.partialConstraint({ maximumSteps: 300, ...shared }),
    rcpa.transition({ maximumSteps: 150, ...shared }),
    rcpa.grpo({ steps: 300, rehearsal: { prompts: 4 }, ...shared }),
    // A caption counts as right when its ROUGE-L with the expected one is a half.
    rcpa.evaluate({ by: "rougeL", least: 0.5, maxTokens: 64, batch: 16 }),
    rcpa.exportModel({ to: "captions-adapter", format: "peft" }),
  );

export default captions;

await rcpa.run(import.meta, captions);
