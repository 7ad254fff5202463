/** All text of no problems at all. */
import { data, lm, model, pipeline } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  data({ domain: { world: "geometry", worked: 0, answerOnly: 0 } }),
  // TS2741: Property '"stage relies on a fact that no earlier stage provides"' is missing in type 'Stage<"lm", "dataset" | "dataset.answer" | "policy" | "reference", "policy">' but required in type 'MissingFact<"lm", "dataset.answer", "the training examples carry a checkable answer">'.
  lm(),
);
