/**
 * Compares ways to adapt the shipped tiny VLM to geometry diagrams: the same data, the same number of steps,
 * each way with the learning rate and lengths that are best on validation.
 *
 *   npx tsx pipelines/compare.ts [--arms A,B] [--seeds 1,2,3] [--jobs N] [--steps-scale X] [--out DIR]
 *                                [--to docs/results.md] [--dry-run] [--stored] [--json]
 */
import { arm, compare, lm, pipeline } from "rcpa";
import {
  anchored,
  budget,
  falling,
  free,
  imitate,
  measure,
  rcpa,
  reinforce,
  start,
} from "./arms.ts";

// What validation chooses from. Reinforcement from the start also gets a smaller rate, of which the others make less
// (docs/log.md).
const rates = [3e-4, 6e-4, 1.2e-3].map((learningRate) => ({ learningRate }));
const withSmaller = [{ learningRate: 1.5e-4 }, ...rates];

// More passes over few references can hurt, so how long to imitate is chosen as well.
const withLengths = (...lengths: ReadonlyArray<number>) =>
  rates.flatMap(({ learningRate }) => lengths.map((steps) => ({ learningRate, steps })));

await compare(import.meta, {
  name: "geometry",
  doc: "Angles, perimeters and areas read from diagrams: 200 worked solutions and 1,800 problems with nothing but the answer; general questions about scenes stay.",
  tuneSeeds: [101],
  seeds: [1, 2, 3, 4, 5],
  keep: 0.97,
  arms: {
    lm: arm({
      doc: "Continual pretraining: the likelihood of all text of the 2,000 problems",
      settings: withLengths(300, budget),
      pipeline: ({ learningRate, steps }) =>
        pipeline("lm").pipe(
          ...start(),
          lm({ steps, ...falling(learningRate), ...free }),
          measure(),
        ),
    }),

    sft: arm({
      doc: "Supervised fine-tuning on the 200 worked solutions",
      settings: withLengths(300, budget),
      pipeline: ({ learningRate, steps }) =>
        pipeline("sft").pipe(...start(), imitate(learningRate, steps, free), measure()),
    }),

    "sft+anchor": arm({
      doc: "Supervised fine-tuning on the 200 worked solutions, with the anchor",
      settings: withLengths(300, budget),
      pipeline: ({ learningRate, steps }) =>
        pipeline("sft-anchor").pipe(...start(), imitate(learningRate, steps, anchored), measure()),
    }),

    grpo: arm({
      doc: "Reinforcement on all 2,000 problems from the start",
      settings: withSmaller,
      pipeline: ({ learningRate }) =>
        pipeline("grpo").pipe(...start(), reinforce(learningRate, budget, free), measure()),
    }),

    "grpo+anchor": arm({
      doc: "Reinforcement on all 2,000 problems from the start, with the anchor",
      settings: withSmaller,
      pipeline: ({ learningRate }) =>
        pipeline("grpo-anchor").pipe(
          ...start(),
          reinforce(learningRate, budget, anchored),
          measure(),
        ),
    }),

    "sft→grpo": arm({
      doc: "The usual two steps: supervised on the 200, then reinforcement on all, with the anchor",
      settings: withLengths(400, 600),
      pipeline: ({ learningRate, steps }) =>
        pipeline("sft-grpo").pipe(
          ...start(),
          imitate(learningRate, steps, anchored),
          reinforce(learningRate, budget - steps, anchored),
          measure(),
        ),
    }),

    rcpa: arm({
      doc: "RCPA: solutions imposed in part, less and less, then reinforcement on all",
      settings: rates,
      pipeline: ({ learningRate }) =>
        pipeline("rcpa").pipe(...start(), ...rcpa(learningRate, free), measure()),
    }),

    "rcpa+anchor": arm({
      doc: "RCPA with the anchor",
      settings: rates,
      pipeline: ({ learningRate }) =>
        pipeline("rcpa-anchor").pipe(...start(), ...rcpa(learningRate, anchored), measure()),
    }),
  },
  contrasts: [
    ["rcpa+anchor", "grpo+anchor"],
    ["rcpa+anchor", "sft+anchor"],
    ["rcpa+anchor", "sft→grpo"],
    ["rcpa+anchor", "rcpa"],
    ["sft+anchor", "sft"],
  ],
});
