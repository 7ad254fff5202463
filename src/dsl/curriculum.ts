/** Options of the curriculum: progress, difficulty, prefixes, imitation. Serves the definition layer. */
import * as Schema from "effect/Schema";
import { option, Steps } from "./option.ts";
import { Amount, NonNegative, Share } from "./training.ts";

export const Progress = Schema.Struct({
  strategy: option(
    Schema.Literals(["familiarity", "linear", "cosine", "threshold", "reverse", "none"]),
    { doc: "What drives progress P from 0 to 1 (CPP).", unit: "-", default: "familiarity" },
  ),
  low: option(Share, {
    doc: "Familiarity at which progress begins.",
    unit: "probability",
    default: 0.2,
  }),
  high: option(Share, {
    doc: "Familiarity at which progress is fastest.",
    unit: "probability",
    default: 0.75,
  }),
  minimumSteps: Steps({ doc: "Fewest steps from P = 0 to 1 (familiarity).", default: 150 }),
  duration: Steps({ doc: "Steps from P = 0 to 1 (linear, cosine, reverse).", default: 300 }),
});
export type Progress = typeof Progress.Type;

export const Difficulty = Schema.Struct({
  strategy: option(Schema.Literals(["confidence", "none", "unhinted-success", "ladder"]), {
    doc: "What gives harder prompts longer prefixes (CDP).",
    unit: "-",
    default: "confidence",
  }),
  kappa: option(NonNegative, {
    doc: "How strongly difficulty moves the ratio.",
    unit: "-",
    default: 0.5,
  }),
});
export type Difficulty = typeof Difficulty.Type;

export const Prefix = Schema.Struct({
  maxRatio: option(Share, {
    doc: "Largest share ρ of a reference that is imposed.",
    unit: "share in [0, 1]",
    default: 0.8,
  }),
  deadRatio: option(Share, {
    doc: "Share that a prompt keeps while its last group had no success.",
    unit: "share in [0, 1]",
    default: 0.4,
  }),
  hintDropout: option(Share, {
    doc: "Share of the prompts that go without prefix and measure unhinted success.",
    unit: "probability",
    default: 0.15,
  }),
  draw: option(Schema.Literals(["jitter", "fixed", "binomial", "uniform"]), {
    doc: "How a length is drawn from the ratio.",
    unit: "-",
    default: "jitter",
  }),
  cuts: option(Schema.Literals(["token", "step"]), {
    doc: "Where a prefix may end: after any token, or after whole steps of the thoughts (semicolon, line, sentence).",
    unit: "-",
    default: "token",
  }),
});
export type Prefix = typeof Prefix.Type;

export const Imitation = Schema.Struct({
  strategy: option(
    Schema.Literals(["gated", "p(1-p)", "entropy-top", "luffy", "uniform", "none"]),
    { doc: "How imposed tokens are weighted.", unit: "-", default: "gated" },
  ),
  weight: option(NonNegative, {
    doc: "Weight of the term; it multiplies the strategy's own (0.001 for uniform, else 1).",
    unit: "-",
    default: 1,
  }),
  threshold: option(Share, {
    doc: "Tokens already likelier than this are left alone (gated).",
    unit: "probability",
    default: 0.95,
  }),
  rescueShare: option(Share, {
    doc: "Share of the reference imitated when a whole group failed.",
    unit: "share in [0, 1]",
    default: 0.8,
  }),
});
export type Imitation = typeof Imitation.Type;

export const Rehearsal = Schema.Struct({
  prompts: option(Amount, {
    doc: "Worked references whose thoughts are rehearsed in each step; 0: none.",
    unit: "prompts",
    default: 0,
  }),
  weight: option(NonNegative, { doc: "Weight of the term.", unit: "-", default: 1 }),
  threshold: option(Share, {
    doc: "Tokens already likelier than this are left alone.",
    unit: "probability",
    default: 0.95,
  }),
});
export type Rehearsal = typeof Rehearsal.Type;

/** The fields of every stage that imposes prefixes. */
export const curriculum = {
  progress: option(Progress, {
    doc: "CPP: how far the constraint is lifted.",
    unit: "-",
    default: {},
  }),
  difficulty: option(Difficulty, { doc: "CDP: who keeps more of it.", unit: "-", default: {} }),
  prefix: option(Prefix, { doc: "How much is imposed.", unit: "-", default: {} }),
  imitation: option(Imitation, { doc: "What imposed tokens teach.", unit: "-", default: {} }),
};
