/** Options on how a training stage does its work: none changes what comes of it beyond rounding. Serves the definition layer. */
import * as Schema from "effect/Schema";
import { option } from "./option.ts";
import { Count } from "./training.ts";

/** How many responses a training stage computes at once; changes the result by rounding only. */
export const microBatch = option(Schema.NullOr(Count), {
  doc: "Responses computed at once; the step's gradient is the sum over all parts of its batch. Null: the whole batch, in one pass.",
  unit: "responses",
  default: null,
  operational: true,
});

/** How often a training stage looks at what it has reached; does not change the result. */
export const validateEvery = option(Schema.NullOr(Count), {
  doc: "Steps between looks at validation accuracy, as the metrics validationDomain and validationGeneral; null: only at the end.",
  unit: "steps",
  default: null,
  operational: true,
});

/** How often a training stage writes a checkpoint; does not change the result. */
export const checkpointEvery = option(Count, {
  doc: "Steps between checkpoints.",
  unit: "steps",
  default: 50,
  operational: true,
});
