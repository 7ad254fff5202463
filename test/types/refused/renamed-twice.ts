/** Two artifacts under one name. */
import { model, rename } from "rcpa";

// TS2345: Argument of type '{ policy: "reference"; }' is not assignable to parameter of type 'NamesFor<"policy" | "reference"> & SameName<"reference">'.
//   Property '"stage would give two artifacts the same name"' is missing in type '{ policy: "reference"; }' but required in type 'SameName<"reference">'.
export default rename(model(), { policy: "reference" });
