/** Two data sets under different names; facts follow the data set they are about. */
import { type Artifacts, data, model, pipeline, rename, sft, warmup } from "rcpa";

declare module "rcpa" {
  interface Artifacts {
    lessons: Artifacts["dataset"];
  }
}
export type Lessons = Artifacts["lessons"];

export default pipeline("two-data-sets").pipe(
  model(),
  rename(data({ domain: { world: "geometry", worked: 100 } }), { dataset: "lessons" }),
  data({ domain: { world: "geometry", worked: 0 } }),
  rename(sft(), { dataset: "lessons" }),
  rename(warmup(), { dataset: "lessons" }),
);
