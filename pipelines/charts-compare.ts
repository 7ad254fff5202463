/**
 * The ways of pipelines/compare.ts on another domain: bar charts, with the settings that were chosen for geometry.
 *
 *   npx tsx pipelines/charts-compare.ts [--arms A,B] [--seeds 1,2,3] [--jobs N] [--out DIR] [--to docs/results.md]
 */
import { arm, compare, evaluate, type Pipeline, pipeline } from "rcpa";
import { anchored, budget, imitate, rcpa, reinforce, start } from "./arms.ts";

const charts = start(200, "charts");
const usual = { rate: 6e-4, steps: 400 };

/** One setting, nothing to choose from. */
const fixed = (doc: string, made: Pipeline) => arm({ doc, settings: [{}], pipeline: () => made });

await compare(import.meta, {
  name: "charts",
  doc: "Sums, means and spans read from bar charts: 200 worked solutions and 1,800 problems with nothing but the answer; nothing was chosen on this domain.",
  tuneSeeds: [],
  seeds: [1, 2, 3, 4, 5],
  arms: {
    "sft+anchor": fixed(
      "Supervised fine-tuning on the 200 worked solutions, with the anchor",
      pipeline("charts-sft").pipe(...charts, imitate(6e-4, budget, anchored), evaluate()),
    ),
    "grpo+anchor": fixed(
      "Reinforcement on all 2,000 problems from the start, with the anchor",
      pipeline("charts-grpo").pipe(...charts, reinforce(1.5e-4, budget, anchored), evaluate()),
    ),
    "sft→grpo": fixed(
      "The usual two steps: supervised on the 200, then reinforcement on all, with the anchor",
      pipeline("charts-sft-grpo").pipe(
        ...charts,
        imitate(usual.rate, usual.steps, anchored),
        reinforce(usual.rate, budget - usual.steps, anchored),
        evaluate(),
      ),
    ),
    "rcpa+anchor": fixed(
      "RCPA with the anchor",
      pipeline("charts-rcpa").pipe(...charts, ...rcpa(1.2e-3, anchored), evaluate()),
    ),
  },
  contrasts: [
    ["rcpa+anchor", "sft+anchor"],
    ["rcpa+anchor", "grpo+anchor"],
    ["rcpa+anchor", "sft→grpo"],
  ],
});
