/** Further tests beside the data set's, with and without a size of their own. */
import { data, evaluate, grpo, model, pipeline } from "rcpa";

export default pipeline("further").pipe(
  model(),
  data(),
  grpo({ steps: 10 }),
  evaluate({ also: { hard: { world: "geometry-hard" }, bars: { world: "charts", test: 50 } } }),
);
