/** Declared limits: a run that misses one ends with exit code 3. */
import { type Budgets, data, evaluate, grpo, model, pipeline } from "rcpa";

const budgets: Budgets = { retention: 0.95, maxHours: 2, maxMemoryGiB: 8 };

export default pipeline("careful", { seed: 7, budgets: { ...budgets, minDomainGain: 0.1 } }).pipe(
  model(),
  data(),
  grpo(),
  evaluate(),
);
