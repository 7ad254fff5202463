/** The same recipe, spread into two domains. */
import { data, evaluate, grpo, model, partialConstraint, pipeline, transition, warmup } from "rcpa";

const alignment = (steps: number) =>
  [
    warmup({ steps: 10 }),
    partialConstraint({ maximumSteps: steps }),
    transition(),
    grpo({ steps, reward: { steps: 0 } }),
  ] as const;

export const geometry = pipeline("geometry").pipe(
  model(),
  data({ domain: { world: "geometry" } }),
  ...alignment(300),
  evaluate(),
);

export const radiology = pipeline("radiology").pipe(
  model({ from: "my-model" }),
  data({ domain: { jsonl: "radiology.jsonl", fields: { reference: "report" } } }),
  ...alignment(500),
  evaluate(),
);
