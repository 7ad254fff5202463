/** A default that the option itself would refuse. */
import * as Schema from "effect/Schema";
import { option } from "rcpa";

// TS2322: Type 'string' is not assignable to type 'number'.
export default option(Schema.Finite, { doc: "A share.", unit: "share in [0, 1]", default: "half" });
