/** A reinforcement stage that leaves its bounds again and again: what is killed in the middle of a rollback. */
import { data, grpo, model, pipeline, run } from "rcpa";

const unhealthy = pipeline("unhealthy", {
  doc: "reinforcement with too high a learning rate",
  seed: 1,
}).pipe(
  model({ from: "tiny-vlm" }),
  data({
    domain: { world: "geometry", worked: 4, answerOnly: 0, validation: 7, test: 7 },
    general: { world: "scenes", validation: 8, test: 8 },
  }),
  grpo({
    sampling: { prompts: 2, group: 4, maxTokens: 12 },
    anchor: { weight: 0 },
    reward: { rougeL: 1 },
    optimizer: { learningRate: 2e-3 },
    safeguard: { maximumKl: 0.3, patience: 2, every: 2, maximumRollbacks: 20 },
    checkpointEvery: 3,
    steps: 16,
  }),
);

export default unhealthy;

await run(import.meta, unhealthy);
