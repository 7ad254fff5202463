/** An option of the wrong type. */
import { sft } from "rcpa";

// TS2322: Type 'string' is not assignable to type 'number'.
export default sft({ on: "general", steps: "300" });
