/**
 * Adapts the shipped tiny VLM to bar charts: the phases of pipelines/geometry.ts, another domain.
 *
 *   npx tsx pipelines/charts.ts [--seed N] [--engine NAME] [--steps-scale X] [--out DIR] [--json]
 */
import * as rcpa from "rcpa";

const anchor = { weight: 1, images: "general", pool: 4096 } as const;
const optimizer = { learningRate: 1.2e-3 };
const falling = { ...optimizer, finalLearningRate: 1.2e-4 };
const constraint = {
  anchor,
  progress: { minimumSteps: 300 },
  imitation: { weight: 2 },
  optimizer,
};

const charts = rcpa
  .pipeline("charts", {
    doc: "Sums, means and spans read from bar charts; general questions about scenes stay.",
    seed: 1,
  })
  .pipe(
    rcpa.model({ from: "tiny-vlm" }),
    rcpa.data({
      domain: { world: "charts", worked: 200, answerOnly: 1800 },
      general: { world: "scenes" },
    }),
    rcpa.warmup({ steps: 10, anchor, optimizer: { ...optimizer, warmupSteps: 10 } }),
    rcpa.partialConstraint({ maximumSteps: 450, until: 0.7, ...constraint }),
    rcpa.transition({ maximumSteps: 250, familiarity: 1, ...constraint }),
    rcpa.grpo({ steps: 600, anchor, rehearsal: { prompts: 8 }, optimizer: falling }),
    rcpa.evaluate(),
  );

export default charts;

await rcpa.run(import.meta, charts);
