/** The words a pipeline file needs; the package's only barrel. */
export { run } from "./cli/run.ts";
export type { Artifacts, Evaluation, ModelRef, Score } from "./dsl/artifacts.ts";
export { option, Steps } from "./dsl/option.ts";
export {
  data,
  evaluate,
  exportModel,
  grpo,
  initialize,
  model,
  partialConstraint,
  sft,
  transition,
  warmup,
} from "./dsl/phases.ts";
export { type Budgets, type Pipeline, type PipelineSettings, pipeline } from "./dsl/pipeline.ts";
export { define, type Stage } from "./dsl/stage.ts";
export { handler, type StageContext } from "./runtime/handler.ts";
