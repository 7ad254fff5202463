/** An artifact renamed that the stage does not have. */
import { rename, sft } from "rcpa";

// TS2353: Object literal may only specify known properties, and 'curriculum' does not exist in type 'NamesFor<"dataset" | "policy" | "reference">'.
export default rename(sft(), { curriculum: "gate" });
