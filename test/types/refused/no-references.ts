/** A phase that imposes references, on a data set without any. */
import { data, model, pipeline, warmup } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  data({ domain: { world: "geometry", worked: 0 } }),
  // TS2741: Property '"stage relies on a fact that no earlier stage provides"' is missing in type 'Stage<"warmup", "dataset" | "dataset.answer" | "dataset.reference" | "policy" | "reference", "curriculum" | "policy">' but required in type 'MissingFact<"warmup", "dataset.reference", "some training examples carry a worked reference">'.
  warmup(),
);
