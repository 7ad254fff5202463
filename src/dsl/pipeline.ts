/** The pipeline value: stages in order, checked by the compiler and again as data. Serves the definition layer. */
import type { Attempts } from "./attempts.ts";
import type { Budgets } from "./budgets.ts";
import { type Before, type Checked, inputIssues } from "./inputs.ts";
import type { Issue, Site } from "./issue.ts";
import { type PipelineSettings, settingsOf } from "./settings.ts";
import { callSite } from "./site.ts";
import { type AnyStage, deepFreeze, scaleSteps } from "./stage.ts";

/** A pipeline as a frozen plain value: describe it, hash it, run it. */
export interface Pipeline {
  readonly name: string;
  readonly doc: string;
  readonly seed: number;
  readonly budgets: Budgets;
  readonly attempts: Attempts;
  readonly stages: ReadonlyArray<AnyStage>;
  /** Every problem of the definition, stages included. */
  readonly issues: ReadonlyArray<Issue>;
  readonly at: Site | undefined;
}

/** A pipeline that has a name and settings and waits for its stages. */
export interface PipelineStart {
  /** The pipeline of these stages, in this order; recipes (functions that return a tuple) may be spread. */
  readonly pipe: <const Stages extends ReadonlyArray<AnyStage>>(
    ...stages: { readonly [Index in keyof Stages]: Checked<Stages[Index], Before<Stages, Index>> }
  ) => Pipeline;
}

/** Starts a pipeline; `name` appears in run folders. */
export function pipeline(name: string, settings: PipelineSettings = {}): PipelineStart {
  const at = callSite();
  return {
    pipe: (...stages) => make(name, settings, stages as unknown as ReadonlyArray<AnyStage>, at),
  };
}

function make(
  name: string,
  settings: PipelineSettings,
  stages: ReadonlyArray<AnyStage>,
  at: Site | undefined,
): Pipeline {
  const { value, issues } = settingsOf(name, settings, at);
  return deepFreeze({
    name,
    ...value,
    stages: [...stages],
    issues: [
      ...ownIssues(name, stages, at),
      ...issues,
      ...stages.flatMap((stage) => stage.issues),
      ...inputIssues(stages),
    ],
    at,
  });
}

function ownIssues(
  name: string,
  stages: ReadonlyArray<AnyStage>,
  site: Site | undefined,
): ReadonlyArray<Issue> {
  const at = site === undefined ? {} : { at: site };
  const named = /^[a-z0-9][a-z0-9-]*$/.test(name);
  const message = `the name ${JSON.stringify(name)} must be lower-case letters, digits and hyphens`;
  const empty = "the pipeline has no stages";
  return [
    ...(named ? [] : [{ code: "InvalidSetting" as const, path: "pipeline", message, ...at }]),
    ...(stages.length > 0
      ? []
      : [{ code: "EmptyPipeline" as const, path: name, message: empty, ...at }]),
  ];
}

/** The same pipeline under another seed, or with its step counts multiplied by `stepsScale`. */
export function adjust(
  pipeline: Pipeline,
  change: { readonly seed?: number | undefined; readonly stepsScale?: number | undefined },
): Pipeline {
  const factor = change.stepsScale ?? 1;
  return deepFreeze({
    ...pipeline,
    seed: change.seed ?? pipeline.seed,
    stages: factor === 1 ? pipeline.stages : pipeline.stages.map((s) => scaleSteps(s, factor)),
  });
}
