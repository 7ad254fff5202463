/** Where examples come from, and which facts about the data set each source provides. Serves the definition layer. */
import * as Schema from "effect/Schema";
import type { FactRules } from "./facts.ts";
import { option } from "./option.ts";
import { Amount, Count } from "./training.ts";

export const DomainSource = Schema.Struct({
  world: option(Schema.Literals(["geometry"]), {
    doc: "The synthetic world that problems are made from.",
    unit: "-",
  }),
  worked: option(Amount, {
    doc: "Training problems with a worked reference.",
    unit: "examples",
    default: 200,
  }),
  answerOnly: option(Amount, {
    doc: "Training problems that carry only their answer.",
    unit: "examples",
    default: 1800,
  }),
  validation: option(Count, { doc: "Validation problems.", unit: "examples", default: 175 }),
  test: option(Count, { doc: "Test problems, read once.", unit: "examples", default: 350 }),
});

export const GeneralSource = Schema.Struct({
  world: option(Schema.Literals(["scenes"]), {
    doc: "The synthetic world that general questions are about.",
    unit: "-",
  }),
  validation: option(Count, { doc: "Validation examples.", unit: "examples", default: 176 }),
  test: option(Count, { doc: "Test examples, read once.", unit: "examples", default: 400 }),
});

/**
 * What the options of `data` say about its data set; a further source that may lack references or
 * answers adds a pattern here. The compiler and the check at definition time read the same rules.
 */
export const sourceFacts = {
  "dataset.reference": { unless: [{ domain: { worked: 0 } }] },
  "dataset.answer": { unless: [{ domain: { worked: 0, answerOnly: 0 } }] },
} as const satisfies FactRules;
