/** The word that puts a low-rank adapter on the policy. Serves the definition layer. */
import * as Schema from "effect/Schema";
import { Place } from "./file-sources.ts";
import { option } from "./option.ts";
import { modelPlace } from "./shipped.ts";
import { define } from "./stage.ts";
import { number, parts } from "./training.ts";

const Rank = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4096 }));

/** Trains an adapter from here on: the base's weights stay, and the reference is the same model without it. */
export const lora = define({
  name: "lora",
  version: 1,
  doc: "Puts a low-rank adapter on the policy; later stages train the adapter alone, and the reference shares the weights below it.",
  options: Schema.Struct({
    rank: option(Rank, { doc: "Rank r of the adapter's matrices.", unit: "-", default: 16 }),
    alpha: option(number(1e-6, 1e6), {
      doc: "What the adapter adds is multiplied with alpha / rank.",
      unit: "-",
      default: 32,
    }),
    rankStabilized: option(Schema.Boolean, {
      doc: "Multiply with alpha / √rank instead (rsLoRA).",
      unit: "-",
      default: false,
    }),
    dropout: option(number(0, 0.9), {
      doc: "Share of the adapter's inputs that an update leaves out, drawn anew for each product.",
      unit: "share in [0, 1]",
      default: 0,
    }),
    targets: option(
      Schema.Union([
        Schema.Literal("all-linear"),
        Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)),
      ]),
      {
        doc: "Which products are adapted, as PEFT's `target_modules` has them: names, or ends of names after a dot.",
        unit: "names of modules",
        default: "all-linear",
      },
    ),
    parts: option(Schema.Array(Schema.Literals(parts)).check(Schema.isMinLength(1)), {
      doc: "Parts of the model whose products are adapted.",
      unit: "-",
      default: ["text"],
    }),
    from: option(Schema.NullOr(Place), {
      doc: "A PEFT folder to go on from; rank, alpha, dropout and targets are then the folder's. null: a new adapter, which adds nothing yet.",
      unit: "path",
      default: null,
    }),
  }),
  needs: ["policy"],
  gives: ["policy"],
  engine: false,
  reads: ({ from }) => (from === null ? [] : [modelPlace(from)]),
});
