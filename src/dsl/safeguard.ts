/** Options of the safeguard that takes a stage back to its last good state. Serves the definition layer. */
import * as Schema from "effect/Schema";
import { option } from "./option.ts";
import { Amount, Count, NonNegative, Share } from "./training.ts";

const Safeguard = Schema.Struct({
  maximumKl: option(NonNegative, {
    doc: "Largest KL from the frozen base on generated tokens; judged where klNats is measured.",
    unit: "nats per token",
    default: 30,
  }),
  minimumEntropy: option(NonNegative, {
    doc: "Smallest entropy of the policy where it generates; 0 never breaks.",
    unit: "nats per token",
    default: 1e-4,
  }),
  rewardShare: option(Share, {
    doc: "Share of its best that the running average of the reward must keep; 0 never breaks.",
    unit: "share in [0, 1]",
    default: 0.5,
  }),
  rewardFrom: option(NonNegative, {
    doc: "Average reward that must have been reached before its fall is judged.",
    unit: "points",
    default: 0.25,
  }),
  patience: option(Count, {
    doc: "Steps in a row out of bounds that lead to a rollback.",
    unit: "steps",
    default: 10,
  }),
  every: option(Count, {
    doc: "Steps between the states that a rollback can go back to; multiples of checkpointEvery cost no disk space of their own.",
    unit: "steps",
    default: 50,
  }),
  maximumRollbacks: option(Amount, {
    doc: "Rollbacks of a stage, each with half the learning rate; the next one ends it as diverged.",
    unit: "rollbacks",
    default: 3,
  }),
});
export type Safeguard = typeof Safeguard.Type;

/** When a reinforcement stage goes back to an earlier state of its own. */
export const safeguard = option(Safeguard, {
  doc: "When to go back to the last good state, with half the learning rate.",
  unit: "-",
  default: {},
});
