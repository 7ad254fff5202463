/** The pipeline value: stages in order, checked by the compiler and again as data. Serves the definition layer. */
import type { ArtifactKey } from "./artifacts.ts";
import type { Issue, Site } from "./issue.ts";
import { callSite } from "./site.ts";
import { type AnyStage, deepFreeze, type Stage, scaleSteps } from "./stage.ts";

/** What a pipeline may say besides its stages. */
export interface PipelineSettings {
  /** All randomness of the run derives from it; `--seed` overrides. Default: 1. */
  readonly seed?: number;
  /** One sentence: what it is for. */
  readonly doc?: string;
  /** Conditions on the evaluation; a run that does not meet them ends with exit code 3. */
  readonly budgets?: Budgets;
}

/** Declared limits, each a share in [0, 1]. */
export interface Budgets {
  /** Least general accuracy after / before. */
  readonly retention?: number;
  /** Least domain accuracy after − before. */
  readonly domainGain?: number;
}

/** A pipeline as a frozen plain value: describe it, hash it, run it. */
export interface Pipeline {
  readonly name: string;
  readonly doc: string;
  readonly seed: number;
  readonly budgets: Budgets;
  readonly stages: ReadonlyArray<AnyStage>;
  /** Every problem of the definition, stages included. */
  readonly issues: ReadonlyArray<Issue>;
  readonly at: Site | undefined;
}

/** Compile error for a stage whose input no earlier stage gives: stage, missing, available. */
export interface MissingInput<Name, Missing, Available> {
  readonly "stage needs an input that no earlier stage gives": [Name, Missing, Available];
}

type GivenBy<Before extends ReadonlyArray<AnyStage>> = Before[number] extends infer S
  ? S extends Stage<string, ArtifactKey, infer Gives>
    ? Gives
    : never
  : never;

type Before<
  Stages extends ReadonlyArray<AnyStage>,
  Index,
  Done extends ReadonlyArray<AnyStage> = [],
> = `${Done["length"]}` extends Index
  ? Done
  : Stages extends readonly [infer Head extends AnyStage, ...infer Rest extends AnyStage[]]
    ? Before<Rest, Index, [...Done, Head]>
    : Done;

type Check<Stages extends ReadonlyArray<AnyStage>, Index extends keyof Stages> =
  Stages[Index] extends Stage<infer Name, infer Needs, infer _Gives>
    ? [Exclude<Needs, GivenBy<Before<Stages, Index>>>] extends [never]
      ? Stages[Index]
      : MissingInput<
          Name,
          Exclude<Needs, GivenBy<Before<Stages, Index>>>,
          GivenBy<Before<Stages, Index>>
        >
    : Stages[Index];

/** A pipeline that has a name and settings and waits for its stages. */
export interface PipelineStart {
  /** The pipeline of these stages, in this order; recipes (functions that return a tuple) may be spread. */
  readonly pipe: <const Stages extends ReadonlyArray<AnyStage>>(
    ...stages: { readonly [Index in keyof Stages]: Check<Stages, Index> }
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
  const own = settingIssues(name, settings, stages).map((issue) => ({
    ...issue,
    ...(at && { at }),
  }));
  return deepFreeze({
    name,
    doc: settings.doc ?? "",
    seed: settings.seed ?? 1,
    budgets: { ...settings.budgets },
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
  for (const [budget, value] of Object.entries(settings.budgets ?? {})) {
    if (typeof value === "number" && value >= 0 && value <= 1) continue;
    const message = `expected a share in [0, 1], got ${value}`;
    issues.push({ code: "InvalidSetting", path: `${name}.budgets.${budget}`, message });
  }
  if (stages.length === 0) {
    issues.push({ code: "EmptyPipeline", path: name, message: "the pipeline has no stages" });
  }
  return issues;
}

/** The compiler's check once more, for JavaScript callers and casts. */
function inputIssues(stages: ReadonlyArray<AnyStage>): ReadonlyArray<Issue> {
  const given = new Set<string>();
  return stages.flatMap((stage) => {
    const missing = stage.needs.filter((need) => !given.has(need));
    const available = [...given].join(", ") || "nothing";
    for (const key of stage.gives) given.add(key);
    return missing.map(
      (need): Issue => ({
        code: "MissingInput",
        path: stage.name,
        message: `needs ${need}, which no earlier stage gives`,
        hint: `available here: ${available}`,
        ...(stage.at && { at: stage.at }),
      }),
    );
  });
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
