/** A definition that needs an artifact nobody declared. */
import * as Schema from "effect/Schema";
import { define } from "rcpa";

export default define({
  name: "merge",
  version: 1,
  doc: "Merges.",
  // TS2820: Type '"polcy"' is not assignable to type 'ArtifactKey'. Did you mean '"policy"'?
  needs: ["polcy"],
  gives: [],
  options: Schema.Struct({}),
});
