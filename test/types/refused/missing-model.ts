/** No stage gives a model. */
import { data, evaluate, pipeline } from "rcpa";

export default pipeline("wrong").pipe(
  data(),
  // TS2741: Property '"stage needs an input that no earlier stage gives"' is missing in type 'Stage<"evaluate", "dataset" | "policy" | "reference", "evaluation">' but required in type 'MissingInput<"evaluate", "policy" | "reference", "dataset">'.
  evaluate(),
);
