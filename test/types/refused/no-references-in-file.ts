/** A file of which no field holds references. */
import { data, model, pipeline, sft } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  data({ domain: { jsonl: "train.jsonl" } }),
  // TS2741: Property '"stage relies on a fact that no earlier stage provides"' is missing in type 'Stage<"sft", "dataset" | "dataset.reference" | "policy" | "reference", "policy">' but required in type 'MissingFact<"sft", "dataset.reference", "some training examples carry a worked reference">'.
  sft({ steps: 300 }),
);
