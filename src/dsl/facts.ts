/** What can be said about artifacts: the open registry of facts, and rules that tell which options imply one. Serves the definition layer. */

const meanings = {
  "dataset.reference": "some training examples carry a worked reference",
  "dataset.answer": "the training examples carry a checkable answer",
} as const;
type Known = typeof meanings;

/**
 * Names (`artifact.fact`) and meanings of all facts. Open: add your own by declaration merging
 * (`declare module "rcpa" { interface Facts { "dataset.boxes": "the examples carry boxes" } }`).
 */
export interface Facts extends Known {}

/** A fact about an artifact of any name; renaming the artifact renames its facts. */
export type FactKey = `${string}.${string}`;

/** Part of a stage's options: literal values, nested as they are. */
export interface OptionPattern {
  readonly [option: string]: string | number | boolean | null | OptionPattern;
}

/** When a fact applies: always, or unless the options match one of the patterns. */
export type FactRule = "always" | { readonly unless: ReadonlyArray<OptionPattern> };

/** The rules of a stage, by fact. */
export type FactRules = { readonly [Fact in keyof Facts]?: FactRule };
