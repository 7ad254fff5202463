/** A stage before the one that gives its input. */
import { data, grpo, model, pipeline, warmup } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  // TS2741: Property '"stage needs an input that no earlier stage gives"' is missing in type 'Stage<"grpo", "dataset" | "dataset.answer" | "policy" | "reference", "policy">' but required in type 'MissingInput<"grpo", "dataset", "policy" | "reference">'.
  grpo({ steps: 10 }),
  data(),
  warmup(),
);
