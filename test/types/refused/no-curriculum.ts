/** The phase that goes on from the warmup, without the warmup. */
import { data, model, partialConstraint, pipeline } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  data(),
  // TS2741: Property '"stage needs an input that no earlier stage gives"' is missing in type 'Stage<"partialConstraint", "curriculum" | "dataset" | "dataset.answer" | "dataset.reference" | "policy" | "reference", "curriculum" | "policy">' but required in type 'MissingInput<"partialConstraint", "curriculum", "dataset" | "policy" | "reference">'.
  partialConstraint(),
);
