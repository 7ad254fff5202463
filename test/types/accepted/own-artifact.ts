/** A custom stage with an artifact of its own, by declaration merging. */
import * as Schema from "effect/Schema";
import { data, define, model, option, pipeline, sft } from "rcpa";

declare module "rcpa" {
  interface Artifacts {
    vocabulary: { readonly words: ReadonlyArray<string> };
  }
}

const collect = define({
  name: "collect",
  version: 1,
  doc: "Collects the words of the data set.",
  needs: ["dataset"],
  gives: ["vocabulary"],
  engine: false,
  options: Schema.Struct({
    atLeast: option(Schema.Int, { doc: "Fewest uses of a word.", unit: "uses", default: 2 }),
  }),
});

const print = define({
  name: "print",
  version: 1,
  doc: "Prints the words.",
  needs: ["vocabulary"],
  gives: [],
  engine: false,
  options: Schema.Struct({}),
});

export default pipeline("words").pipe(model(), data(), collect({ atLeast: 3 }), sft(), print());
