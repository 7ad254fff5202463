/** What stages hand to one another: the open registry of artifact names and the shapes the runtime itself reads. Serves the definition layer. */
import * as Schema from "effect/Schema";
import type { FactKey } from "./facts.ts";

/** A model folder in Hugging Face layout. */
export const ModelRef = Schema.Struct({
  /** Absolute in a handler; stored relative to the stage's own folder. */
  dir: Schema.String,
});
export type ModelRef = typeof ModelRef.Type;

/** A share of right answers with its 95 % interval; `accuracy`, `low`, `high` in [0, 1]. */
export const Score = Schema.Struct({
  accuracy: Schema.Finite,
  low: Schema.Finite,
  high: Schema.Finite,
  correct: Schema.Int,
  n: Schema.Int,
});
export type Score = typeof Score.Type;

const Comparison = Schema.Struct({ before: Score, after: Score, n: Schema.Int });

/** A further test as a whole and by family; of a family `a/b` there is an entry for all of `a` as well. */
const Further = Schema.Struct({
  ...Comparison.fields,
  families: Schema.Record(Schema.String, Comparison),
});

/** What the adaptation gained in the domain and what it cost in general, measured on held-out examples. */
export const Evaluation = Schema.Struct({
  domain: Comparison,
  general: Comparison,
  /** General accuracy after / before, with its 95 % interval; null when the base got nothing right. */
  retention: Schema.NullOr(
    Schema.Struct({ value: Schema.Finite, low: Schema.Finite, high: Schema.Finite }),
  ),
  /** Domain accuracy of the adapted model when the image is blank: what it can guess without looking. */
  blank: Score,
  /** Accuracy by family of problems. */
  families: Schema.Record(
    Schema.String,
    Schema.Struct({ before: Schema.Finite, after: Schema.Finite, n: Schema.Int }),
  ),
  /** Further tests by the names that the pipeline gives them; absent without any. */
  also: Schema.optionalKey(Schema.Record(Schema.String, Further)),
});
export type Evaluation = typeof Evaluation.Type;

const Synthetic = Schema.Struct({ world: Schema.String, validation: Schema.Int, test: Schema.Int });

/** Examples that the data stage read from files, kept in a folder of its own with their numbers. */
export const GatheredRef = Schema.Struct({
  dir: Schema.String,
  /** The file they came from, as the definition names it. */
  file: Schema.String,
  train: Schema.Int,
  /** Training examples with a worked reference. */
  worked: Schema.Int,
  validation: Schema.Int,
  test: Schema.Int,
});
export type GatheredRef = typeof GatheredRef.Type;

/** Where a data set comes from; a world's content is made again from this, a file's was gathered. */
export const DatasetRef = Schema.Struct({
  domain: Schema.Union([
    Schema.Struct({ ...Synthetic.fields, worked: Schema.Int, answerOnly: Schema.Int }),
    GatheredRef,
  ]),
  general: Schema.Union([Synthetic, GatheredRef]),
  seed: Schema.Int,
});
export type DatasetRef = typeof DatasetRef.Type;

/** Memory of the curriculum between stages: a plain value of `rl/curriculum.ts`, and steps spent so far. */
export interface CurriculumRef {
  readonly state: Readonly<Record<string, unknown>>;
}

/** Why and when the constraint was lifted. */
export interface GateRef {
  readonly reason: string;
  readonly evidence: Readonly<Record<string, number | undefined>>;
}

/**
 * Names and types of all artifacts. Open: add your own by declaration merging
 * (`declare module "rcpa" { interface Artifacts { critic: ModelRef } }`).
 */
export interface Artifacts {
  /** The model being adapted, with its optimizer state. */
  policy: ModelRef;
  /** The frozen base. */
  reference: ModelRef;
  /** A copy outside the store. */
  exported: ModelRef;
  dataset: DatasetRef;
  curriculum: CurriculumRef;
  gate: GateRef;
  evaluation: Evaluation;
}

/** A name in the registry; names with a dot are those of facts. */
export type ArtifactKey = Exclude<keyof Artifacts & string, FactKey>;
