/** Ways to adapt the shipped tiny VLM to a domain, as sequences of stages: what the studies beside this file compare. */
import { data, evaluate, grpo, model, partialConstraint, sft, transition, warmup } from "rcpa";

/** RCPA takes about so many steps in all; no arm takes more. */
export const budget = 960;

const validateEvery = 160;

/** Holds the model to the base's own answers to general questions, as in pipelines/geometry.ts. */
export const anchored: Held = {
  anchor: { weight: 1, images: "general", pool: 4096 },
  validateEvery,
};
export const free: Held = { anchor: { weight: 0 }, validateEvery };

/** What keeps general abilities, and how often validation is looked at. */
export interface Held {
  readonly anchor: {
    readonly weight: number;
    readonly images?: "domain" | "general" | "both";
    readonly pool?: number;
  };
  readonly validateEvery: number;
}

/** A learning rate that falls to a tenth. */
export const falling = (learningRate: number) => ({
  optimizer: { learningRate, finalLearningRate: learningRate / 10 },
});

/** Few worked solutions, many problems with nothing but the right answer: 2,000 in all. */
export const start = (worked = 200, world: "geometry" | "charts" = "geometry") =>
  [
    model({ from: "tiny-vlm" }),
    data({
      domain: { world, worked, answerOnly: 2000 - worked },
      general: { world: "scenes" },
    }),
  ] as const;

/** Supervised steps on the worked solutions. */
export const imitate = (learningRate: number, steps: number, held: Held) =>
  sft({ steps, ...falling(learningRate), ...held });

/** Reinforcement on all problems. */
export const reinforce = (learningRate: number, steps: number, held: Held) =>
  grpo({ steps, ...falling(learningRate), ...held });

/** Worked solutions whose thoughts are imitated in each step of the full phase. */
export const rehearsal = { prompts: 8 } as const;

/** Reinforcement on all problems that keeps the thoughts of the worked solutions. */
export const rehearse = (learningRate: number, steps: number, held: Held) =>
  grpo({ steps, rehearsal, ...falling(learningRate), ...held });

type Constraint = Parameters<typeof transition>[0];

/** The phases in which RCPA imposes a part of each solution, with changes to what they share. */
export function constrain(learningRate: number, held: Held, changes: Constraint = {}) {
  const optimizer = { learningRate };
  const shared = {
    ...{ progress: { minimumSteps: 300 }, imitation: { weight: 2 }, optimizer },
    ...{ ...held, ...changes },
  };
  return [
    warmup({
      steps: 10,
      optimizer: { ...optimizer, warmupSteps: 10 },
      anchor: held.anchor,
    }),
    partialConstraint({ maximumSteps: 450, until: 0.7, ...shared }),
    transition({ maximumSteps: 250, familiarity: 1, ...shared }),
  ] as const;
}

/** RCPA as in pipelines/geometry.ts. */
export const rcpa = (learningRate: number, held: Held, changes: Constraint = {}) =>
  [...constrain(learningRate, held, changes), rehearse(learningRate, 600, held)] as const;

/** The test split, and problems harder than any trained on, each read once. */
export const measure = () => evaluate({ also: { hard: { world: "geometry-hard" } } });
