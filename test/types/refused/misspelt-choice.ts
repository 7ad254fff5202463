/** A misspelt name of a strategy. */
import { partialConstraint } from "rcpa";

// TS2820: Type '"gatd"' is not assignable to type '"entropy-top" | "gated" | "luffy" | "none" | "p(1-p)" | "uniform" | undefined'. Did you mean '"gated"'?
export default partialConstraint({ imitation: { strategy: "gatd" } });
