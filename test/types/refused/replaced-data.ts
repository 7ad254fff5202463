/** A second data set takes the place of the first, with what could be said about it. */
import { data, model, pipeline, sft } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  data(),
  sft(),
  data({ domain: { world: "geometry", worked: 0 } }),
  // TS2741: Property '"stage relies on a fact that no earlier stage provides"' is missing in type 'Stage<"sft", "dataset" | "dataset.reference" | "policy" | "reference", "policy">' but required in type 'MissingFact<"sft", "dataset.reference", "some training examples carry a worked reference">'.
  sft(),
);
