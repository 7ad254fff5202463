/**
 * Makes `assets/tiny-vlm`, the base that the other pipelines adapt: a Qwen2.5-VL of 0.44 M parameters,
 * trained from nothing on general questions about scenes. It never sees a geometry word or diagram.
 *
 *   npx tsx pipelines/pretrain-tiny.ts [--out DIR]
 */
import { data, evaluate, exportModel, initialize, pipeline, run, sft } from "rcpa";

const pretrainTiny = pipeline("pretrain-tiny", {
  doc: "A tiny general vision-language model: reads, lists, counts, captions and calculates.",
  seed: 1,
}).pipe(
  initialize({ hidden: 96, layers: 3, visionHidden: 64, visionLayers: 2 }),
  data({ general: { world: "scenes", test: 800 } }),

  // The learning rate decides: 2e-3 stalls, 6e-4 reads numbers after a thousand steps.
  sft({
    on: "general",
    steps: 9000,
    prompts: 32,
    anchor: { weight: 0 },
    optimizer: {
      learningRate: 6e-4,
      finalLearningRate: 1.2e-5,
      decayFrom: 0.65,
      warmupSteps: 60,
      beta2: 0.98,
      weightDecay: 0.02,
    },
    checkpointEvery: 500,
  }),
  evaluate(),
  exportModel({ to: "assets/tiny-vlm" }),
);

export default pretrainTiny;

await run(import.meta, pretrainTiny);
