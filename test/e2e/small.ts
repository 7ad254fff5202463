/** The whole of RCPA on a small scale, as a pipeline file; the base's folder comes from RCPA_TEST_BASE. */
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

const small = {
  sampling: { prompts: 4, group: 4, maxTokens: 16 },
  anchor: { prompts: 4, pool: 8 },
  optimizer: { learningRate: 1e-3 },
  checkpointEvery: 2,
} as const;

const pipelineOfAll = pipeline("small", { doc: "every word of RCPA, quickly", seed: 1 }).pipe(
  model({ from: process.env.RCPA_TEST_BASE ?? "tiny-vlm" }),
  data({
    domain: { world: "geometry", worked: 8, answerOnly: 8, validation: 7, test: 7 },
    general: { world: "scenes", validation: 7, test: 7 },
  }),
  warmup({ ...small, steps: 2 }),
  partialConstraint({
    ...small,
    maximumSteps: 14,
    progress: { strategy: "linear", duration: 40 },
  }),
  transition({ ...small, progress: { strategy: "linear", duration: 40 }, maximumSteps: 6 }),
  grpo({ ...small, steps: 6 }),
  evaluate({ maxTokens: 16 }),
);

export default pipelineOfAll;

await run(import.meta, pipelineOfAll);
