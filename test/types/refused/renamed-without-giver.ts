/** Trained under a name that no stage gave a model. */
import { data, type ModelRef, model, pipeline, rename, sft } from "rcpa";

declare module "rcpa" {
  interface Artifacts {
    critic: ModelRef;
  }
}

export default pipeline("wrong").pipe(
  model(),
  data(),
  // TS2741: Property '"stage needs an input that no earlier stage gives"' is missing in type 'Stage<"sft", "critic" | "dataset" | "dataset.reference" | "reference", "critic">' but required in type 'MissingInput<"sft", "critic", "dataset" | "policy" | "reference">'.
  rename(sft(), { policy: "critic" }),
);
