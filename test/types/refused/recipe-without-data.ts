/** A recipe spread where its data set is not there yet. */
import { grpo, model, pipeline, sft } from "rcpa";

const recipe = () => [sft({ steps: 10 }), grpo({ steps: 10 })] as const;

export default pipeline("wrong").pipe(
  model(),
  // TS2741: Property '"stage needs an input that no earlier stage gives"' is missing in type 'Stage<"sft", "dataset" | "dataset.reference" | "policy" | "reference", "policy">' but required in type 'MissingInput<"sft", "dataset", "policy" | "reference">'.
  ...recipe(),
);
