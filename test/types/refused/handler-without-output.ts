/** A handler that does not give what its definition promises. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler } from "rcpa";

const merge = define({
  name: "merge",
  version: 1,
  doc: "Merges.",
  needs: ["policy"],
  gives: ["policy", "exported"],
  options: Schema.Struct({}),
});

// TS2322: Type 'Effect<{ policy: { readonly dir: string; }; }, never, never>' is not assignable to type 'Effect<Pick<Artifacts, "exported" | "policy">, never, never>'.
//   Property 'exported' is missing in type '{ policy: { readonly dir: string; }; }' but required in type 'Pick<Artifacts, "exported" | "policy">'.
export default handler(merge, ({ inputs }) => Effect.succeed({ policy: inputs.policy }));
