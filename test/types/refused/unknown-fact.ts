/** A definition that relies on a fact nobody declared. */
import * as Schema from "effect/Schema";
import { define } from "rcpa";

export default define({
  name: "look",
  version: 1,
  doc: "Looks.",
  needs: ["dataset"],
  gives: [],
  // TS2353: Object literal may only specify known properties, and '"dataset.boxen"' does not exist in type 'FactRules<{}>'.
  requires: { "dataset.boxen": "always" },
  options: Schema.Struct({}),
});
