/**
 * What RCPA and the usual two steps reach with how many operations, and changes that may make RCPA cheaper.
 *
 *   npx tsx pipelines/efficiency.ts [--arms A,B] [--seeds 1,2,3] [--jobs N] [--out DIR] [--to docs/results.md]
 */
import { arm, compare, grpo, type Pipeline, pipeline } from "rcpa";
import {
  anchored,
  constrain,
  falling,
  imitate,
  measure,
  rehearsal,
  rehearse,
  reinforce,
  start,
} from "./arms.ts";

// The rates of pipelines/ablations.ts.
const rate = 1.2e-3;
const usualRate = 6e-4;

/** One setting, nothing to choose from. */
const fixed = (doc: string, made: Pipeline) => arm({ doc, settings: [{}], pipeline: () => made });

const shorter = (steps: number) =>
  fixed(
    `RCPA with a full phase of ${steps} steps`,
    pipeline(`rcpa-${steps}`).pipe(
      ...start(),
      ...constrain(rate, anchored),
      rehearse(rate, steps, anchored),
      measure(),
    ),
  );

const twoSteps = (steps: number) =>
  fixed(
    `Supervised for 400 steps, then plain reinforcement for ${steps}`,
    pipeline(`sft-grpo-${steps}`).pipe(
      ...start(),
      imitate(usualRate, 400, anchored),
      reinforce(usualRate, steps, anchored),
      measure(),
    ),
  );

const fewer = { ...anchored, anchor: { ...anchored.anchor, prompts: 8 } };
const twice = { objective: { updates: 2 } };
const small = { sampling: { group: 4 } };

await compare(import.meta, {
  name: "efficiency",
  doc: "Accuracy for operations: shorter and longer runs of RCPA and of the usual two steps, and RCPA with one thing made cheaper; the anchor in all arms.",
  tuneSeeds: [],
  seeds: [1, 2, 3],
  arms: {
    "rcpa 100": shorter(100),
    "rcpa 250": shorter(250),
    "rcpa 600": shorter(600),
    "sft→grpo 200": twoSteps(200),
    "sft→grpo 560": twoSteps(560),
    "sft→grpo 1100": twoSteps(1100),
    "half the anchor": fixed(
      "RCPA 600 with 8 questions to the anchor in each step, not 16",
      pipeline("half-anchor").pipe(
        ...start(),
        ...constrain(rate, fewer),
        rehearse(rate, 600, fewer),
        measure(),
      ),
    ),
    "two updates": fixed(
      "RCPA with two updates, ratios clipped, on each batch of responses of a full phase of 300 steps",
      pipeline("two-updates").pipe(
        ...start(),
        ...constrain(rate, anchored),
        grpo({ steps: 300, rehearsal, ...twice, ...falling(rate), ...anchored }),
        measure(),
      ),
    ),
    "groups of 4": fixed(
      "RCPA 600 with 4 responses to a problem, not 8",
      pipeline("groups-of-4").pipe(
        ...start(),
        ...constrain(rate, anchored, small),
        grpo({ steps: 600, rehearsal, ...small, ...falling(rate), ...anchored }),
        measure(),
      ),
    ),
  },
  contrasts: [
    ["rcpa 100", "sft→grpo 200"],
    ["rcpa 250", "sft→grpo 560"],
    ["rcpa 600", "sft→grpo 1100"],
    ["half the anchor", "rcpa 600"],
    ["two updates", "rcpa 600"],
    ["groups of 4", "rcpa 600"],
  ],
});
