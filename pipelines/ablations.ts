/**
 * What each part of RCPA is worth: the arm `rcpa+anchor` of pipelines/compare.ts, and the same without one part.
 *
 *   npx tsx pipelines/ablations.ts [--arms A,B] [--seeds 1,2,3] [--jobs N] [--out DIR] [--to docs/results.md]
 */
import { arm, compare, type Pipeline, pipeline } from "rcpa";
import {
  anchored,
  budget,
  constrain,
  imitate,
  measure,
  rcpa,
  rehearse,
  reinforce,
  start,
} from "./arms.ts";

// What pipelines/compare.ts chose on validation, of the usual recipe what was best over five seeds (docs/results.md); a
// part is taken away without choosing anew.
const rate = 1.2e-3;
const usual = { rate: 6e-4, steps: 400 };
const [lookAround, partialConstraint] = constrain(rate, anchored);

/** One setting, nothing to choose from. */
const fixed = (doc: string, made: Pipeline) => arm({ doc, settings: [{}], pipeline: () => made });

const usualTwoSteps = (worked: number, rate: number, steps: number) =>
  fixed(
    `Supervised for ${steps} steps, then plain reinforcement, learning rate ${rate}`,
    pipeline("sft-grpo").pipe(
      ...start(worked),
      imitate(rate, steps, anchored),
      reinforce(rate, budget - steps, anchored),
      measure(),
    ),
  );

const withoutOne = (worked: number) => ({
  whole: fixed(
    "RCPA with the anchor and rehearsal",
    pipeline("rcpa-anchor").pipe(...start(worked), ...rcpa(rate, anchored), measure()),
  ),
  "no CPP": fixed(
    "Progress is not measured: prefixes keep their length for 350 steps, then fall at once",
    pipeline("no-cpp").pipe(
      ...start(worked),
      lookAround,
      constrain(rate, anchored, { progress: { strategy: "none" }, maximumSteps: 350 })[1],
      rehearse(rate, 600, anchored),
      measure(),
    ),
  ),
  "no CDP": fixed(
    "Prefixes depend neither on how hard a problem is nor on its last group",
    pipeline("no-cdp").pipe(
      ...start(worked),
      ...rcpa(rate, anchored, { difficulty: { strategy: "none" }, prefix: { deadRatio: 0 } }),
      measure(),
    ),
  ),
  "no imitation": fixed(
    "What is imposed is not imitated",
    pipeline("no-imitation").pipe(
      ...start(worked),
      ...rcpa(rate, anchored, { imitation: { strategy: "none" } }),
      measure(),
    ),
  ),
  "no rehearsal": fixed(
    "The full phase is plain GRPO",
    pipeline("no-rehearsal").pipe(
      ...start(worked),
      ...constrain(rate, anchored),
      reinforce(rate, 600, anchored),
      measure(),
    ),
  ),
  "hard transition": fixed(
    "At progress 0.7 the rest of the constraint falls at once",
    pipeline("hard-transition").pipe(
      ...start(worked),
      lookAround,
      partialConstraint,
      rehearse(rate, 690, anchored),
      measure(),
    ),
  ),
});

const changed = (worked: number) => ({
  "anchor on diagrams": fixed(
    "Half of the anchor's questions are about the domain's own diagrams",
    pipeline("anchor-on-diagrams").pipe(
      ...start(worked),
      ...rcpa(rate, { ...anchored, anchor: { ...anchored.anchor, images: "both" } }),
      measure(),
    ),
  ),
  "small pool": fixed(
    "The anchor asks 512 different questions in place of 4,096",
    pipeline("small-pool").pipe(
      ...start(worked),
      ...rcpa(rate, { ...anchored, anchor: { ...anchored.anchor, pool: 512 } }),
      measure(),
    ),
  ),
  "rehearsed sft→grpo": fixed(
    "No constrained phases: supervised steps, then reinforcement with rehearsal",
    pipeline("sft-grpo-rehearsal").pipe(
      ...start(worked),
      imitate(usual.rate, usual.steps, anchored),
      rehearse(usual.rate, budget - usual.steps, anchored),
      measure(),
    ),
  ),
  // One seed chose among the usual recipe's settings, and seeds differ: its next best ones, too.
  "sft→grpo 3e-4": usualTwoSteps(worked, 3e-4, 600),
  "sft→grpo 6e-4": usualTwoSteps(worked, 6e-4, 400),
});

/** RCPA with so many worked solutions, whole and with one part taken away or changed. */
export const ablated = (worked: number) => ({ ...withoutOne(worked), ...changed(worked) });

export const againstWhole = [
  ["no CPP", "whole"],
  ["no CDP", "whole"],
  ["no imitation", "whole"],
  ["no rehearsal", "whole"],
  ["hard transition", "whole"],
  ["anchor on diagrams", "whole"],
  ["small pool", "whole"],
  ["rehearsed sft→grpo", "whole"],
  ["sft→grpo 3e-4", "whole"],
  ["sft→grpo 6e-4", "whole"],
] as const;

await compare(import.meta, {
  name: "ablations",
  doc: "RCPA with the anchor, and the same with one part taken away or changed, at the same number of steps.",
  tuneSeeds: [],
  seeds: [1, 2, 3, 4, 5],
  arms: ablated(200),
  contrasts: againstWhole,
});
