/** An option that does not say what it means. */
import * as Schema from "effect/Schema";
import { option } from "rcpa";

// TS2345: Argument of type '{ unit: string; default: number; }' is not assignable to parameter of type 'About & { readonly default?: number | undefined; }'.
//   Property 'doc' is missing in type '{ unit: string; default: number; }' but required in type 'About'.
export default option(Schema.Finite, { unit: "steps", default: 1 });
