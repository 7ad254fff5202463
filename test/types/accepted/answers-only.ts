/** Problems with nothing but answers are enough for GRPO. */
import { data, evaluate, grpo, model, pipeline } from "rcpa";

export default pipeline("answers-only").pipe(
  model(),
  data({ domain: { jsonl: "problems.jsonl" }, general: { world: "scenes" } }),
  grpo({ reward: { answer: 1, format: 0, steps: 0 } }),
  evaluate(),
);
