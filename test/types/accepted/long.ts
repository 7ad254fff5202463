/** A pipeline of more than thirty stages. */
import { data, evaluate, grpo, model, pipeline, sft } from "rcpa";

const round = () => [sft({ steps: 5 }), grpo({ steps: 5 }), sft(), grpo(), evaluate()] as const;

export default pipeline("long").pipe(
  model(),
  data(),
  ...round(),
  ...round(),
  ...round(),
  ...round(),
  ...round(),
  ...round(),
);
