/** Two policies under different names, trained and compared in one pipeline. */
import { data, evaluate, grpo, type ModelRef, model, pipeline, rename, sft } from "rcpa";

declare module "rcpa" {
  interface Artifacts {
    student: ModelRef;
    untaught: ModelRef;
  }
}

export default pipeline("two-policies").pipe(
  model(),
  rename(model({ from: "small" }), { policy: "student", reference: "untaught" }),
  data(),
  sft({ steps: 100 }),
  rename(sft({ steps: 100 }), { policy: "student" }),
  rename(grpo({ steps: 100 }), { policy: "student", reference: "policy" }),
  rename(evaluate(), { reference: "untaught", policy: "student" }),
);
