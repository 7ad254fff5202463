/** The words of a pipeline: each call makes one stage. Serves the definition layer. */
import * as Schema from "effect/Schema";
import * as Curriculum from "./curriculum.ts";
import { orAbsent } from "./facts.ts";
import { Place } from "./file-sources.ts";
import { checkpointEvery, microBatch, validateEvery } from "./operation.ts";
import { MaybeSteps, option, Steps } from "./option.ts";
import { safeguard } from "./safeguard.ts";
import { modelPlace } from "./shipped.ts";
import { DomainSource, FurtherTest, filesOf, GeneralSource, sourceFacts } from "./sources.ts";
import { define } from "./stage.ts";
import { Count, reinforcement, rewarded, Share, tolerance } from "./training.ts";

/** Takes a base model: a Hugging Face folder, or the one that ships with the package. */
export const model = define({
  name: "model",
  version: 1,
  doc: "Takes the base model; it is also kept, frozen, as the reference.",
  options: Schema.Struct({
    from: option(Place, {
      doc: "A model folder in Hugging Face layout, a name on the Hub (`hf://org/name@revision`), or `tiny-vlm`, the one shipped with the package.",
      unit: "path",
      default: "tiny-vlm",
    }),
  }),
  needs: [],
  gives: ["policy", "reference"],
  engine: false,
  reads: ({ from }) => [modelPlace(from)],
});

/** Chooses what to learn and what not to forget. */
export const data = define({
  name: "data",
  version: 1,
  doc: "Makes or reads the domain's examples and the general suite.",
  options: Schema.Struct({
    domain: option(DomainSource, {
      doc: "What to learn.",
      unit: "-",
      default: { world: "geometry" },
    }),
    general: option(GeneralSource, {
      doc: "What not to forget.",
      unit: "-",
      default: { world: "scenes" },
    }),
  }),
  needs: [],
  gives: ["dataset"],
  provides: sourceFacts,
  engine: false,
  reads: ({ domain, general }) => [...filesOf(domain), ...filesOf(general)],
});

/** SFT-free warmup: measures the base on the domain, then a few reward-only steps under long prefixes. */
export const warmup = define({
  name: "warmup",
  version: 1,
  doc: "Measures the base's familiarity and unhinted success, then takes a few reward-only steps under the longest prefixes.",
  options: Schema.Struct({
    steps: Steps({ doc: "Reward-only steps.", default: 10 }),
    ...reinforcement,
    prefix: Curriculum.curriculum.prefix,
    safeguard,
    microBatch,
    checkpointEvery,
  }),
  needs: ["policy", "reference", "dataset"],
  gives: ["policy", "curriculum"],
  requires: { "dataset.reference": "always", "dataset.answer": rewarded },
});

/** Partial-constraint phase: imposes a prefix of the reference, imitates it, and reinforces the rest. */
export const partialConstraint = define({
  name: "partialConstraint",
  version: 1,
  doc: "Imposes a part of each worked reference and lets the model generate the rest.",
  options: Schema.Struct({
    maximumSteps: Steps({ doc: "Most steps of the phase.", default: 300 }),
    until: option(Share, {
      doc: "Progress P at which the phase hands over to the transition.",
      unit: "share in [0, 1]",
      default: 0.7,
    }),
    ...reinforcement,
    ...Curriculum.curriculum,
    safeguard,
    microBatch,
    checkpointEvery,
    validateEvery,
  }),
  needs: ["policy", "reference", "dataset", "curriculum"],
  gives: ["policy", "curriculum"],
  requires: { "dataset.reference": "always", "dataset.answer": rewarded },
});

/** Lifts the rest of the constraint while problems without reference come in, and records why. */
export const transition = define({
  name: "transition",
  version: 1,
  doc: "Lifts the rest of the constraint, mixes in answer-only problems, and records the evidence.",
  options: Schema.Struct({
    mode: option(Schema.Literals(["gradual", "hard"]), {
      doc: "Whether the rest of the constraint fades or falls at once.",
      unit: "-",
      default: "gradual",
    }),
    familiarity: option(Share, {
      doc: "Familiarity F* from which the domain counts as familiar.",
      unit: "probability",
      default: 0.9,
    }),
    zeroSpreadLimit: option(Share, {
      doc: "Largest share of unhinted groups without reward spread.",
      unit: "share in [0, 1]",
      default: 0.5,
    }),
    probes: option(Count, {
      doc: "Probes in a row that must agree.",
      unit: "probes",
      default: 3,
    }),
    maximumSteps: Steps({ doc: "Steps after which the gate opens in any case.", default: 150 }),
    fadeSteps: Steps({
      doc: "Steps within which the constraint fades once the domain is familiar.",
      default: 100,
    }),
    probation: MaybeSteps(
      "Steps without constraint after the gate has opened, in which unhinted success under half of F* brings half of the constraint back, once; null: none.",
    ),
    ...reinforcement,
    ...Curriculum.curriculum,
    safeguard,
    microBatch,
    checkpointEvery,
    validateEvery,
  }),
  needs: ["policy", "reference", "dataset", "curriculum"],
  gives: ["policy", "curriculum", "gate"],
  requires: { "dataset.reference": "always", "dataset.answer": rewarded },
});

/** Full GRPO: free generation, verifiable rewards, all problems. */
export const grpo = define({
  name: "grpo",
  version: 1,
  doc: "Group-relative policy optimisation on all problems, nothing imposed.",
  options: Schema.Struct({
    steps: Steps({ doc: "Updates.", default: 300 }),
    ...reinforcement,
    rehearsal: option(Curriculum.Rehearsal, {
      doc: "What keeps the worked references familiar: reward alone lets the policy drift off their thoughts.",
      unit: "-",
      default: {},
    }),
    safeguard,
    microBatch,
    checkpointEvery,
    validateEvery,
  }),
  needs: ["policy", "reference", "dataset"],
  gives: ["policy"],
  requires: {
    "dataset.answer": rewarded,
    "dataset.reference": { unless: [{ rehearsal: { prompts: orAbsent(0) } }] },
  },
});

/** Supervised fine-tuning, for comparison and for making base models. */
export const sft = define({
  name: "sft",
  version: 1,
  doc: "Supervised fine-tuning on worked references: the domain's, or an endless stream of general ones.",
  options: Schema.Struct({
    steps: Steps({ doc: "Updates.", default: 300 }),
    prompts: option(Count, { doc: "Examples in a batch.", unit: "examples", default: 16 }),
    on: option(Schema.Literals(["domain", "general"]), {
      doc: "Whose references: the data set's worked ones, or the general world's training stream.",
      unit: "-",
      default: "domain",
    }),
    optimizer: reinforcement.optimizer,
    anchor: reinforcement.anchor,
    microBatch,
    checkpointEvery,
    validateEvery,
  }),
  needs: ["policy", "reference", "dataset"],
  gives: ["policy"],
  requires: { "dataset.reference": { unless: [{ on: "general" }] } },
});

/** Continual pretraining, for comparison: the likelihood of the domain's text as it stands, without rewards. */
export const lm = define({
  name: "lm",
  version: 1,
  doc: "Next-token likelihood of all domain text: questions, worked references, and bare answers where there is none.",
  options: Schema.Struct({
    steps: Steps({ doc: "Updates.", default: 300 }),
    prompts: option(Count, { doc: "Problems in a batch.", unit: "problems", default: 16 }),
    optimizer: reinforcement.optimizer,
    anchor: reinforcement.anchor,
    microBatch,
    checkpointEvery,
    validateEvery,
  }),
  needs: ["policy", "reference", "dataset"],
  gives: ["policy"],
  requires: { "dataset.answer": "always" },
});

/** Four heads, whose angles come in pairs (and in the vision tower for two axes), share a width. */
const multipleOf = (divisor: number) =>
  Count.check(Schema.isMultipleOf(divisor, { expected: `a multiple of ${divisor}` }));

/** Makes a new model with random weights for the synthetic worlds. */
export const initialize = define({
  name: "initialize",
  version: 1,
  doc: "Makes a tiny Qwen2.5-VL with random weights and a word-level tokenizer of the synthetic worlds.",
  options: Schema.Struct({
    hidden: option(multipleOf(8), { doc: "Width of the decoder.", unit: "dim", default: 96 }),
    layers: option(Count, { doc: "Layers of the decoder.", unit: "layers", default: 3 }),
    intermediate: option(Count, { doc: "Inner width of its MLP.", unit: "dim", default: 256 }),
    visionHidden: option(multipleOf(16), {
      doc: "Width of the vision tower.",
      unit: "dim",
      default: 64,
    }),
    visionLayers: option(Count, { doc: "Its layers.", unit: "layers", default: 2 }),
    visionIntermediate: option(Count, { doc: "Its MLP's width.", unit: "dim", default: 128 }),
  }),
  needs: [],
  gives: ["policy", "reference"],
  engine: false,
});

/** Writes the policy to a folder of one's own, ready for other tools. */
export const exportModel = define({
  name: "exportModel",
  version: 1,
  doc: "Writes the policy as a Hugging Face folder, without optimizer state.",
  options: Schema.Struct({
    to: option(Schema.NonEmptyString, {
      doc: "Folder to write; a model folder there is replaced.",
      unit: "path",
    }),
    format: option(Schema.Literals(["merged", "peft"]), {
      doc: "All weights, an adapter worked in, as `transformers` loads them; or the adapter alone, as `peft` does.",
      unit: "-",
      default: "merged",
    }),
  }),
  needs: ["policy"],
  gives: ["exported"],
  engine: false,
});

/** Measures base and adapted model on the test split: the only reader of it. */
export const evaluate = define({
  name: "evaluate",
  version: 1,
  doc: "Compares base and policy on the test split: domain, general, retention, blank-image probe.",
  options: Schema.Struct({
    maxTokens: option(Count, { doc: "Longest response.", unit: "tokens", default: 24 }),
    batch: option(Count, {
      doc: "Prompts generated side by side.",
      unit: "prompts",
      default: 175,
      operational: true,
    }),
    by: option(Schema.Literals(["answer", "text", "relaxed", "rougeL"]), {
      doc: "What counts as right in the domain, by the name of the reward that pays it; by rougeL from `least` on.",
      unit: "-",
      default: "answer",
    }),
    tolerance,
    least: option(Share, {
      doc: "ROUGE-L, against the expected answer, from which a response is right by rougeL.",
      unit: "share in [0, 1]",
      default: 0.5,
    }),
    also: option(Schema.Record(Schema.String, FurtherTest), {
      doc: "Further tests beside the data set's, by names of one's own: what of the domain carries over to other problems.",
      unit: "-",
      default: {},
    }),
  }),
  needs: ["policy", "reference", "dataset"],
  gives: ["evaluation"],
});
