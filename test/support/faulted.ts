/** The geometry job with very few steps and a checkpoint after each: what the fault matrix interrupts. */
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

const few = {
  sampling: { prompts: 2, group: 2, maxTokens: 12 },
  anchor: { prompts: 2, pool: 4 },
  checkpointEvery: 1,
} as const;

const faulted = pipeline("faulted", {
  doc: "every phase of RCPA, to be interrupted",
  seed: 1,
}).pipe(
  model({ from: "tiny-vlm" }),
  data({
    domain: { world: "geometry", worked: 4, answerOnly: 4, validation: 7, test: 7 },
    general: { world: "scenes", validation: 8, test: 8 },
  }),
  warmup({ ...few, steps: 2 }),
  partialConstraint({ ...few, maximumSteps: 4, progress: { strategy: "linear", duration: 40 } }),
  transition({ ...few, maximumSteps: 3, progress: { strategy: "linear", duration: 40 } }),
  grpo({ ...few, steps: 3 }),
  evaluate({ maxTokens: 12 }),
);

export default faulted;

await run(import.meta, faulted);
