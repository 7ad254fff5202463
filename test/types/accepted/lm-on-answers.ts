/** All text of problems that carry nothing but their answers. */
import { data, evaluate, lm, model, pipeline } from "rcpa";

export default pipeline("on-answers").pipe(
  model(),
  data({ domain: { world: "geometry", worked: 0 } }),
  lm({ steps: 10 }),
  evaluate(),
);
