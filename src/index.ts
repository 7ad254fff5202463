/** The words a pipeline file needs; the package's only barrel. */

export { compare } from "./cli/compare.ts";
export { reward } from "./cli/own-rewards.ts";
export { diffRuns, listRuns, readRun, writeReport } from "./cli/past-runs.ts";
export { run } from "./cli/run.ts";
export type { Artifacts, Evaluation, ModelRef, Score } from "./dsl/artifacts.ts";
export { withAttempts } from "./dsl/attempts.ts";
export type { Budgets } from "./dsl/budgets.ts";
export type { Facts } from "./dsl/facts.ts";
export { lora } from "./dsl/lora.ts";
export { option, Steps } from "./dsl/option.ts";
export {
  data,
  evaluate,
  exportModel,
  grpo,
  initialize,
  lm,
  model,
  partialConstraint,
  sft,
  transition,
  warmup,
} from "./dsl/phases.ts";
export { type Pipeline, pipeline } from "./dsl/pipeline.ts";
export { rename } from "./dsl/rename.ts";
export type { PipelineSettings } from "./dsl/settings.ts";
export { define, type Stage } from "./dsl/stage.ts";
export { arm, type Study } from "./dsl/study.ts";
export type { RewardBatch, RewardFunction, RewardScores } from "./rewards/own.ts";
export type { RunDiff } from "./runtime/compare.ts";
export { handler, type StageContext } from "./runtime/handler.ts";
export type { RunHistory, RunSummary } from "./runtime/history.ts";
