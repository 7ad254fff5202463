/** Supervised on general references, so the domain need not have any. */
import { data, evaluate, initialize, pipeline, sft } from "rcpa";

export default pipeline("general-only").pipe(
  initialize(),
  data({ domain: { world: "geometry", worked: 0 } }),
  sft({ on: "general", steps: 9000 }),
  evaluate(),
);
