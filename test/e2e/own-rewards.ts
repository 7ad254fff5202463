/** A pipeline whose reward is written by its user; how the reward behaves comes from OWN_REWARD. */
import { data, grpo, model, pipeline, type RewardFunction, run } from "rcpa";
import { brevity } from "./brevity.ts";

const own = pipeline("own-rewards", { seed: 1 }).pipe(
  model(),
  data({
    domain: { world: "geometry", worked: 8, answerOnly: 8, validation: 7, test: 7 },
    general: { world: "scenes", validation: 7, test: 7 },
  }),
  grpo({
    steps: 1,
    sampling: { prompts: 2, group: 2, maxTokens: 12 },
    anchor: { weight: 0 },
    reward: {
      ...{ overlong: 0.1, rougeL: 0.5, cider: 0.5, repetition: 0.1 },
      own: { brevity: 0.5, judge: 1 },
      ownSeconds: 0.5,
    },
  }),
);

const judges: Readonly<Partial<Record<string, RewardFunction>>> = {
  fine: async ({ completions }) => completions.map(() => 0.25),
  throws: ({ prompts }) => {
    throw new Error(`no idea about ${prompts.length} prompts`);
  },
  late: () => new Promise(() => {}),
};
const judge = judges[process.env.OWN_REWARD ?? "fine"];

export default own;

await run(import.meta, own, { rewards: { brevity, ...(judge && { judge }) } });
