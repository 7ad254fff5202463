/** A rule about an option that the stage does not have. */
import * as Schema from "effect/Schema";
import { define, option } from "rcpa";

export default define({
  name: "look",
  version: 1,
  doc: "Looks.",
  needs: ["dataset"],
  gives: [],
  // TS2561: Object literal may only specify known properties, but 'blnd' does not exist in type '{ readonly blind?: ValuePattern<boolean> | undefined; }'. Did you mean to write 'blind'?
  requires: { "dataset.answer": { unless: [{ blnd: true }] } },
  options: Schema.Struct({
    blind: option(Schema.Boolean, { doc: "Without answers.", unit: "-", default: false }),
  }),
});
