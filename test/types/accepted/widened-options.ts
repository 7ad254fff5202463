/** Options through widened variables: what the compiler cannot know is left to the check at definition time. */
import { data, grpo, model, pipeline, sft, warmup } from "rcpa";

const amounts = { worked: 200, answerOnly: 1800 };
const suite: "domain" | "general" = process.argv.includes("--general") ? "general" : "domain";
const rewards: { answer: number; format: number; steps: number } = {
  ...{ answer: 0, format: 0, steps: 0 },
};
const options: Parameters<typeof sft>[0] = { steps: 3 };

export default pipeline("widened").pipe(
  model(),
  data({ domain: { world: "geometry", ...amounts } }),
  sft({ on: suite }),
  sft({ on: suite, ...options }),
  warmup({ reward: rewards }),
  data({ domain: { world: "geometry", worked: Number(process.env.WORKED ?? 3), answerOnly: 0 } }),
  warmup(),
  data({ domain: { world: "geometry", worked: 0, answerOnly: 0 } }),
  grpo({ reward: rewards }),
  sft({ on: suite }),
);
