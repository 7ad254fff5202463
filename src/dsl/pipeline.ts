/** The pipeline value: stages in order, checked by the compiler and again as data. Serves the definition layer. */
import { type Attempts, type AttemptsInput, attemptsOf } from "./attempts.ts";
import { type Budgets, budgetIssues } from "./budgets.ts";
import { type Before, type Checked, inputIssues } from "./inputs.ts";
import type { Issue, Site } from "./issue.ts";
import { callSite } from "./site.ts";
import { type AnyStage, deepFreeze, scaleSteps } from "./stage.ts";

/** What a pipeline may say besides its stages. */
export interface PipelineSettings {
  /** All randomness of the run derives from it; `--seed` overrides. Default: 1. */
  readonly seed?: number;
  /** One sentence: what it is for. */
  readonly doc?: string;
  /** Conditions on the run and its evaluation; one that is not met ends with exit code 3. */
  readonly budgets?: Budgets;
  /** How every stage is tried: time limit and retries by error tag; `withAttempts` says it for one stage. */
  readonly attempts?: AttemptsInput;
}

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
  const attempts = attemptsOf(`${name}.attempts`, settings.attempts ?? {}, at);
  const own = [...settingIssues(name, settings, stages), ...attempts.issues].map((issue) => ({
    ...issue,
    ...(at && { at }),
  }));
  return deepFreeze({
    name,
    doc: settings.doc ?? "",
    seed: settings.seed ?? 1,
    budgets: { ...settings.budgets },
    attempts: attempts.value,
    stages: [...stages],
    issues: [...own, ...stages.flatMap((stage) => stage.issues), ...inputIssues(stages)],
    at,
  });
}

function settingIssues(
  name: string,
  settings: PipelineSettings,
  stages: ReadonlyArray<AnyStage>,
): ReadonlyArray<Issue> {
  const issues: Array<Issue> = [];
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    const message = `the name ${JSON.stringify(name)} must be lower-case letters, digits and hyphens`;
    issues.push({ code: "InvalidSetting", path: "pipeline", message });
  }
  if (settings.seed !== undefined && !Number.isSafeInteger(settings.seed)) {
    const message = `expected a whole number, got ${settings.seed}`;
    issues.push({ code: "InvalidSetting", path: `${name}.seed`, message });
  }
  issues.push(...budgetIssues(name, settings.budgets ?? {}));
  if (stages.length === 0) {
    issues.push({ code: "EmptyPipeline", path: name, message: "the pipeline has no stages" });
  }
  return issues;
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
