/** A further test of a world that does not exist. */
import { data, evaluate, model, pipeline } from "rcpa";

export default pipeline("wrong").pipe(
  model(),
  data(),
  // TS2820: Type '"geometry-harder"' is not assignable to type '"charts" | "geometry" | "geometry-hard"'. Did you mean '"geometry-hard"'?
  evaluate({ also: { hard: { world: "geometry-harder" } } }),
);
