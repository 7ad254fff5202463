/** Options that all training stages share: sampling, optimizer, objective, anchor, reward. Serves the definition layer. */
import * as Schema from "effect/Schema";
import { orAbsent } from "./facts.ts";
import { option } from "./option.ts";

/** A number within bounds, these included. */
export const number = (minimum: number, maximum: number) =>
  Schema.Finite.check(
    Schema.isBetween({ minimum, maximum }, { expected: `a number from ${minimum} to ${maximum}` }),
  );
/** A number in [0, 1]. */
export const Share = number(0, 1);
/** A finite number ≥ 0. */
export const NonNegative = number(0, 1e6);
/** A whole number ≥ 1. */
export const Count = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 1e9 }, { expected: "a whole number ≥ 1" }),
);
/** A whole number ≥ 0. */
export const Amount = Schema.Int.check(
  Schema.isBetween({ minimum: 0, maximum: 1e9 }, { expected: "a whole number ≥ 0" }),
);
const Rate = number(1e-9, 1);

export const Sampling = Schema.Struct({
  prompts: option(Count, { doc: "Prompts in a batch.", unit: "prompts", default: 16 }),
  group: option(Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 1024 })), {
    doc: "Responses sampled to each prompt; advantages are relative to this group.",
    unit: "samples",
    default: 8,
  }),
  refill: option(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 64 })), {
    doc: "How often a step draws further problems to make up for its groups without reward spread; 0: never.",
    unit: "rounds a step",
    default: 0,
  }),
  temperature: option(number(0.01, 10), {
    doc: "Divides the logits when sampling; 1 keeps ratios exactly on-policy.",
    unit: "-",
    default: 1,
  }),
  maxTokens: option(Count, {
    doc: "Longest response, imposed tokens counted.",
    unit: "tokens",
    default: 24,
  }),
});
export type Sampling = typeof Sampling.Type;

/** The parts of a model, in the order data takes. */
export const parts = ["vision", "projector", "text"] as const;
const Freeze = Schema.Array(Schema.Literals(parts)).check(
  Schema.makeFilter((frozen) => parts.some((part) => !frozen.includes(part)), {
    expected: "at least one part left to train",
  }),
);

export const Optimizer = Schema.Struct({
  learningRate: option(Rate, {
    doc: "Learning rate of AdamW at the first step after warm-up.",
    unit: "-",
    default: 3e-4,
  }),
  finalLearningRate: option(Schema.Union([Rate, Schema.Null]), {
    doc: "Learning rate at the last step, reached linearly; null keeps it constant.",
    unit: "-",
    default: null,
  }),
  decayFrom: option(Share, {
    doc: "Share of the steps after which the learning rate begins to fall.",
    unit: "share in [0, 1]",
    default: 0,
  }),
  warmupSteps: option(Amount, {
    doc: "Steps over which the learning rate rises from zero.",
    unit: "steps",
    default: 0,
  }),
  beta1: option(number(0, 0.9999), { doc: "Decay of the mean gradient.", unit: "-", default: 0.9 }),
  beta2: option(number(0, 0.99999), {
    doc: "Decay of the mean squared gradient.",
    unit: "-",
    default: 0.95,
  }),
  weightDecay: option(NonNegative, {
    doc: "Decoupled weight decay, matrices only.",
    unit: "-",
    default: 0,
  }),
  clipNorm: option(NonNegative, {
    doc: "Largest gradient norm; larger ones are scaled down.",
    unit: "-",
    default: 1,
  }),
  freeze: option(Freeze, {
    doc: "Parts of the model that are not trained.",
    unit: "-",
    default: [],
  }),
  recompute: option(Schema.Boolean, {
    doc: "Layers of the text decoder are computed again for the gradient: less memory, about a third more time, the same weights.",
    unit: "-",
    default: false,
  }),
});
export type Optimizer = typeof Optimizer.Type;

export const Objective = Schema.Struct({
  loss: option(
    Schema.Literals(["grpo", "bnpo", "dr_grpo", "dapo", "gspo", "cispo", "sapo", "luspo"]),
    { doc: "Policy loss by its name in the field.", unit: "-", default: "dapo" },
  ),
  klWeight: option(NonNegative, {
    doc: "Weight β of the divergence from the frozen base on generated tokens.",
    unit: "-",
    default: 0.02,
  }),
  klEstimator: option(Schema.Literals(["k1", "k2", "k3"]), {
    doc: "How the divergence is estimated: log ratio, half its square, or unbiased and never negative.",
    unit: "-",
    default: "k3",
  }),
  kl: option(Schema.Literals(["loss", "reward"]), {
    doc: "Where the divergence counts: in the loss token by token, or off the reward, summed over a response.",
    unit: "-",
    default: "loss",
  }),
  epsilonLow: option(Schema.NullOr(Share), {
    doc: "Ratios to the sampling policy are clipped below at 1 less this; null takes the loss's usual.",
    unit: "-",
    default: null,
  }),
  epsilonHigh: option(Schema.NullOr(NonNegative), {
    doc: "Ratios are clipped above at 1 plus this, for cispo at this itself; null takes the loss's usual.",
    unit: "-",
    default: null,
  }),
  delta: option(Schema.NullOr(number(1, 1e6)), {
    doc: "Bound on ratios where advantages are negative, which the clip leaves free (two-sided clipping); null: none.",
    unit: "-",
    default: null,
  }),
  ratio: option(Schema.NullOr(Schema.Literals(["token", "sequence"])), {
    doc: "Whether each token has its own ratio or a response has one, its geometric mean; null takes the loss's usual.",
    unit: "-",
    default: null,
  }),
  entropyBonus: option(NonNegative, {
    doc: "Weight of the mean entropy of next-token distributions, which is added to what is maximised.",
    unit: "1/nat",
    default: 0,
  }),
  maskTruncated: option(Schema.Boolean, {
    doc: "Whether responses that maxTokens cut off leave the loss; their rewards still count in their group.",
    unit: "-",
    default: false,
  }),
  updates: option(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 })), {
    doc: "Updates of the weights on the same responses; from the second on, ratios leave 1 and are clipped.",
    unit: "updates a step",
    default: 1,
  }),
  advantage: option(Schema.Literals(["group", "batch", "none"]), {
    doc: "What advantages are divided by: the group's or batch's spread, or nothing.",
    unit: "-",
    default: "group",
  }),
  zeroSpread: option(Schema.Literals(["exclude", "keep"]), {
    doc: "Whether groups whose rewards, before any divergence, are all equal leave the mean over tokens.",
    unit: "-",
    default: "exclude",
  }),
});
export type Objective = typeof Objective.Type;

export const Anchor = Schema.Struct({
  weight: option(NonNegative, {
    doc: "Weight of KL(base ‖ policy) on the base's own answers to general questions; 0 turns it off.",
    unit: "-",
    default: 0.5,
  }),
  prompts: option(Count, { doc: "Anchor prompts in each step.", unit: "prompts", default: 16 }),
  images: option(Schema.Literals(["domain", "general", "both"]), {
    doc: "What the general questions are about: the domain's training images, unlabelled general ones, or half and half.",
    unit: "-",
    default: "domain",
  }),
  pool: option(Count, {
    doc: "General questions that the base answers beforehand.",
    unit: "prompts",
    default: 512,
  }),
});
export type Anchor = typeof Anchor.Type;

/** How near an answer must be. */
export const tolerance = option(Share, {
  doc: "Largest relative error of a right answer that is not a whole number.",
  unit: "share of the expected number",
  default: 1e-6,
});

/** The weight of a component that is off unless asked for; then it costs nothing. */
const weight = (doc: string) => option(NonNegative, { doc, unit: "points", default: 0 });

export const Reward = Schema.Struct({
  answer: option(NonNegative, {
    doc: "Weight of a right final answer, however it is written.",
    unit: "points",
    default: 1,
  }),
  format: option(NonNegative, {
    doc: "Weight of thoughts before the answer block; paid to right answers only.",
    unit: "points",
    default: 0.1,
  }),
  steps: option(NonNegative, {
    doc: "Weight of calculations in the thoughts that hold and lead to the answer; paid to right answers only.",
    unit: "points",
    default: 1,
  }),
  text: weight(
    "Weight of an answer in the expected words, whatever the case, articles, punctuation.",
  ),
  relaxed: weight("Weight of a number within 5 % of the expected one, or the expected answer."),
  bleu: weight("Weight of BLEU of what was generated against the rest of the reference."),
  rougeL: weight("Weight of ROUGE-L of what was generated against the rest of the reference."),
  cider: weight(
    "Weight of a tenth of CIDEr-D of what was generated against the rest of the reference.",
  ),
  repetition: weight("Weight of the penalty, from -1 to 0, for runs of tokens said again."),
  overlong: weight("Weight of the penalty, from 0 to -1, for coming near the longest response."),
  cosine: weight(
    "Weight of correctness from -1 to 1, scaled so that short right answers earn most.",
  ),
  own: option(Schema.Record(Schema.String, NonNegative), {
    doc: "Weights of rewards of one's own, by the names they have in run(import.meta, pipeline, { rewards }).",
    unit: "points",
    default: {},
  }),
  tolerance,
  repetitionNgram: option(Count, {
    doc: "Length of the runs that repetition looks at.",
    unit: "tokens",
    default: 3,
  }),
  overlongBuffer: option(Share, {
    doc: "Last part of the longest response in which overlong grows.",
    unit: "share of maxTokens",
    default: 0.2,
  }),
  ownSeconds: option(number(0.001, 86_400), {
    doc: "Time that a reward of one's own has for one batch.",
    unit: "seconds",
    default: 60,
  }),
  ownErrors: option(Schema.Literals(["fail", "zero"]), {
    doc: "Whether a reward of one's own that throws or is late ends the stage or earns 0.",
    unit: "-",
    default: "fail",
  }),
});
export type Reward = typeof Reward.Type;

/** The fields of every reinforcement stage. */
export const reinforcement = {
  sampling: option(Sampling, { doc: "How responses are drawn.", unit: "-", default: {} }),
  optimizer: option(Optimizer, { doc: "How weights move.", unit: "-", default: {} }),
  objective: option(Objective, { doc: "What is maximised.", unit: "-", default: {} }),
  anchor: option(Anchor, { doc: "What keeps general abilities.", unit: "-", default: {} }),
  reward: option(Reward, { doc: "What responses earn.", unit: "-", default: {} }),
};

/** The components of the reward that compare a response with the expected answer. */
export const rewarded = {
  unless: [
    {
      reward: {
        ...({ answer: 0, format: 0, steps: 0 } as const),
        ...{ text: orAbsent(0), relaxed: orAbsent(0), cosine: orAbsent(0) },
        ...{ bleu: orAbsent(0), rougeL: orAbsent(0), cider: orAbsent(0) },
      },
    },
  ],
} as const;
