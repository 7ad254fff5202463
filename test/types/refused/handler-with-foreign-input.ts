/** A handler that reads an artifact its definition does not need. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler } from "rcpa";

const merge = define({
  name: "merge",
  version: 1,
  doc: "Merges.",
  needs: ["policy"],
  gives: ["policy"],
  options: Schema.Struct({}),
});

// TS2339: Property 'reference' does not exist on type 'Pick<Artifacts, "policy">'.
export default handler(merge, ({ inputs }) => Effect.succeed({ policy: inputs.reference }));
