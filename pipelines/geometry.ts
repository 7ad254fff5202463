/**
 * Adapts the shipped tiny VLM to geometry diagrams without making it forget what it could do.
 *
 *   npx tsx pipelines/geometry.ts [--seed N] [--engine NAME] [--steps-scale X] [--out DIR] [--json]
 */
import {
  data,
  evaluate,
  grpo,
  model,
  partialConstraint,
  pipeline,
  run,
  transition,
  warmup,
} from "rcpa";

// Holds the model to the base's own answers to general questions about unlabelled scenes.
const anchor = { weight: 1, images: "general", pool: 4096 } as const;

// The constraint goes within 300 steps at the earliest; what was imposed is imitated meanwhile.
const constraint = {
  anchor,
  progress: { minimumSteps: 300 },
  imitation: { weight: 2 },
  optimizer: { learningRate: 1.2e-3 },
};

const geometry = pipeline("geometry", {
  doc: "Angles, perimeters and areas read from diagrams; general questions about scenes stay.",
  seed: 1,
}).pipe(
  // A Qwen2.5-VL of 0.44 M parameters that reads, counts and calculates, but knows no geometry.
  model({ from: "tiny-vlm" }),

  // The usual situation: few worked solutions, many problems with nothing but the right answer.
  data({
    domain: { world: "geometry", worked: 200, answerOnly: 1800 },
    general: { world: "scenes" },
  }),

  // Measures how foreign the domain is; no supervised step is taken.
  warmup({ steps: 10, anchor, optimizer: { learningRate: 1.2e-3, warmupSteps: 10 } }),

  // Imposes up to 80 % of each worked solution, less as the model becomes familiar with the domain.
  partialConstraint({ maximumSteps: 450, until: 0.7, ...constraint }),

  // Lifts the rest of the constraint while the answer-only problems come in.
  transition({ maximumSteps: 250, familiarity: 1, ...constraint }),

  // Full GRPO: free generation, verifiable rewards, all 2,000 problems; a few worked thoughts are rehearsed.
  grpo({
    steps: 600,
    anchor,
    rehearsal: { prompts: 8 },
    optimizer: { learningRate: 1.2e-3, finalLearningRate: 1.2e-4 },
  }),

  // Reads the test split, once: base against adapted model.
  evaluate(),
);

export default geometry;

await run(import.meta, geometry);
