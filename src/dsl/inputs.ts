/** What each stage finds when its turn comes, checked by the compiler and again as data. Serves the definition layer. */
import type { ArtifactKey } from "./artifacts.ts";
import { type FactKey, type Meaning, renderFact } from "./facts.ts";
import type { Issue } from "./issue.ts";
import { label } from "./rename.ts";
import type { AnyStage, Stage } from "./stage.ts";

/** Compile error for a stage whose input no earlier stage gives: stage, missing, available. */
export interface MissingInput<Name, Missing, Available> {
  readonly "stage needs an input that no earlier stage gives": [Name, Missing, Available];
}

/** Compile error for a stage that relies on a fact no earlier stage provides: stage, fact, its meaning. */
export interface MissingFact<Name, Missing, Meaning> {
  readonly "stage relies on a fact that no earlier stage provides": [Name, Missing, Meaning];
}

/** What is there after a stage: an artifact that is given anew brings its own facts only. */
type After<Have, S> =
  S extends Stage<string, ArtifactKey | FactKey, infer Gives>
    ? Exclude<Have, `${Exclude<Gives, FactKey>}.${string}`> | Gives
    : Have;

/** What is there before the stage at `Index`; everything after stages that nothing is known about. */
export type Before<
  Stages extends ReadonlyArray<AnyStage>,
  Index,
  Have = never,
  Done extends ReadonlyArray<unknown> = [],
> = `${Done["length"]}` extends Index
  ? Have
  : Stages extends readonly [infer Head, ...infer Rest extends ReadonlyArray<AnyStage>]
    ? Before<Rest, Index, After<Have, Head>, [...Done, Head]>
    : ArtifactKey | FactKey;

/** The stage itself, or what it misses: the compiler reports the difference on the stage's own line. */
export type Checked<S, Have> =
  S extends Stage<infer Name, infer Needs, infer _Gives>
    ? string extends Name
      ? S
      : [Exclude<Needs, Have>] extends [never]
        ? S
        : [Exclude<Needs, Have | FactKey>] extends [never]
          ? MissingFact<Name, Exclude<Needs, Have>, Meaning<Exclude<Needs, Have>>>
          : MissingInput<Name, Exclude<Needs, Have | FactKey>, Exclude<Have, FactKey>>
    : S;

/** The compiler's check once more, for JavaScript callers, casts, and options whose types do not tell. */
export function inputIssues(stages: ReadonlyArray<AnyStage>): ReadonlyArray<Issue> {
  const have: Have = { artifacts: new Map(), facts: new Set() };
  return stages.flatMap((stage) => {
    const found = [...missingInputs(stage, have), ...missingFacts(stage, have)];
    for (const gift of stage.gives) {
      have.artifacts.set(gift, stage);
      for (const fact of have.facts) if (fact.startsWith(`${gift}.`)) have.facts.delete(fact);
    }
    for (const fact of stage.provides) have.facts.add(fact);
    return found;
  });
}

interface Have {
  /** By name, the stage that gave it last. */
  readonly artifacts: Map<string, AnyStage>;
  readonly facts: Set<string>;
}

function missingInputs(stage: AnyStage, { artifacts }: Have): ReadonlyArray<Issue> {
  const available = [...artifacts.keys()].join(", ") || "nothing";
  return stage.needs
    .filter((need) => !artifacts.has(need))
    .map((need) => ({
      code: "MissingInput",
      path: label(stage),
      message: `needs ${need}, which no earlier stage gives`,
      hint: `available here: ${available}`,
      ...(stage.at && { at: stage.at }),
    }));
}

/** Nothing is said about facts of an artifact that is itself missing. */
function missingFacts(stage: AnyStage, { artifacts, facts }: Have): ReadonlyArray<Issue> {
  return stage.requires.flatMap((fact): ReadonlyArray<Issue> => {
    const artifact = fact.slice(0, fact.indexOf("."));
    const giver = artifacts.get(artifact);
    if (facts.has(fact) || giver === undefined) return [];
    const why = giver.withheld[fact];
    const place = giver.at === undefined ? "" : ` (line ${giver.at.line})`;
    return [
      {
        code: "MissingFact",
        path: label(stage),
        message: `relies on ${renderFact(fact)}, which no earlier stage provides`,
        hint: `${label(giver)}${place} gives ${artifact} without it${why === undefined ? "" : `, since ${why}`}`,
        ...(stage.at && { at: stage.at }),
      },
    ];
  });
}
