/** A fact about one data set is not one about the other. */
import { type Artifacts, data, model, pipeline, rename, sft } from "rcpa";

declare module "rcpa" {
  interface Artifacts {
    exercises: Artifacts["dataset"];
  }
}
export type Exercises = Artifacts["exercises"];

export default pipeline("wrong").pipe(
  model(),
  data(),
  rename(data({ domain: { world: "geometry", worked: 0 } }), { dataset: "exercises" }),
  sft(),
  // TS2741: Property '"stage relies on a fact that no earlier stage provides"' is missing in type 'Stage<"sft", "exercises" | "exercises.reference" | "policy" | "reference", "policy">' but required in type 'MissingFact<"sft", "exercises.reference", "some training examples carry a worked reference">'.
  rename(sft(), { dataset: "exercises" }),
);
