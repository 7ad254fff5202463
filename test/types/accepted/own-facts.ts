/** Facts of one's own, and a stage that adds what the data set lacks. */
import * as Schema from "effect/Schema";
import { data, define, model, option, pipeline, sft } from "rcpa";

declare module "rcpa" {
  interface Facts {
    "dataset.boxes": "the examples carry boxes";
  }
}

const annotate = define({
  name: "annotate",
  version: 1,
  doc: "Lets another model write references and boxes.",
  needs: ["dataset"],
  gives: ["dataset"],
  requires: { "dataset.answer": "always" },
  provides: {
    "dataset.answer": "always",
    "dataset.reference": "always",
    "dataset.boxes": { unless: [{ boxes: false }] },
  },
  options: Schema.Struct({
    boxes: option(Schema.Boolean, { doc: "Whether to draw boxes.", unit: "-", default: true }),
  }),
});

const ground = define({
  name: "ground",
  version: 1,
  doc: "Learns to point.",
  needs: ["policy", "dataset"],
  gives: ["policy"],
  requires: { "dataset.boxes": "always" },
  options: Schema.Struct({}),
});

export default pipeline("pointing").pipe(
  model(),
  data({ domain: { world: "geometry", worked: 0 } }),
  annotate(),
  sft(),
  ground(),
);
