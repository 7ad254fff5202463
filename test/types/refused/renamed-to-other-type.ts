/** A model under the name of a data set. */
import { rename, sft } from "rcpa";

// TS2322: Type '"dataset"' is not assignable to type '"critic" | "exported" | "policy" | "reference" | "student" | "untaught" | undefined'.
export default rename(sft(), { policy: "dataset" });
