/** A reward that compares answers, on a data set without training problems. */
import { data, grpo, model, pipeline } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  data({ domain: { world: "geometry", worked: 0, answerOnly: 0 } }),
  // TS2741: Property '"stage relies on a fact that no earlier stage provides"' is missing in type 'Stage<"grpo", "dataset" | "dataset.answer" | "policy" | "reference", "policy">' but required in type 'MissingFact<"grpo", "dataset.answer", "the training examples carry a checkable answer">'.
  grpo({ reward: { answer: 0, format: 0 } }),
);
