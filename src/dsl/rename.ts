/** The same stage on other artifacts: two policies, two data sets, under names of their own. Serves the definition layer. */
import type { ArtifactKey, Artifacts } from "./artifacts.ts";
import type { FactKey } from "./facts.ts";
import type { Issue } from "./issue.ts";
import type { Written } from "./option.ts";
import { callSite } from "./site.ts";
import { type AnyStage, deepFreeze, type Stage } from "./stage.ts";

/** For each artifact of a stage, the names that it may take: those of artifacts of its type. */
export type NamesFor<Keys extends ArtifactKey> = {
  readonly [Key in Keys]?: {
    [Other in ArtifactKey]: [Artifacts[Key], Artifacts[Other]] extends [
      Artifacts[Other],
      Artifacts[Key],
    ]
      ? Other
      : never;
  }[ArtifactKey];
};

/** `Keys` under their new names; facts follow their artifact. */
export type Renamed<Keys, Names> = Keys extends `${infer Artifact}.${infer Fact}`
  ? `${Renamed<Artifact, Names> & string}.${Fact}`
  : Keys extends keyof Names
    ? Names[Keys]
    : Keys;

/** Compile error for a stage that would give two artifacts the same name. */
export interface SameName<Name> {
  readonly "stage would give two artifacts the same name": Name;
}

type Distinct<Gives extends string, Names> = {
  [Key in Gives]: Renamed<Key, Names> extends Renamed<Exclude<Gives, Key>, Names>
    ? Renamed<Key, Names>
    : never;
}[Gives] extends infer Twice
  ? [Twice] extends [never]
    ? NonNullable<unknown>
    : SameName<Twice>
  : never;

/**
 * The stage with other artifacts in the place of its own: `rename(sft(), { policy: "critic" })`
 * takes and gives the artifact `critic`, which must have the type of `policy`.
 *
 * The stage's handler does not notice. Facts follow their artifact: on a renamed data set the stage
 * relies on facts about that one. Its id in plans, events and errors is `sft@critic`.
 */
export function rename<
  Name extends string,
  Needs extends ArtifactKey | FactKey,
  Gives extends ArtifactKey | FactKey,
  const N = Record<never, never>,
>(
  stage: Stage<Name, Needs, Gives>,
  names: NamesFor<Extract<Needs | Gives, ArtifactKey>> &
    Written<N> &
    Distinct<Exclude<Gives, FactKey>, N>,
): Stage<
  Name,
  Extract<Renamed<Needs, N>, ArtifactKey | FactKey>,
  Extract<Renamed<Gives, N>, ArtifactKey | FactKey>
> {
  return renamed(stage as unknown as AnyStage, names) as never;
}

function renamed(stage: AnyStage, names: Readonly<Record<string, string>>): AnyStage {
  const at = callSite() ?? stage.at;
  const now = (key: string) => names[key] ?? key;
  const all = (before: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(before).map(([own, used]) => [own, now(used)]));
  const changed = { needs: all(stage.names.needs), gives: all(stage.names.gives) };
  const problems = nameProblems(stage, names).map(
    (message): Issue => ({ code: "InvalidName", path: stage.name, message, ...(at && { at }) }),
  );
  return deepFreeze({
    ...stage,
    needs: distinct(changed.needs),
    gives: distinct(changed.gives),
    requires: stage.requires.map((fact) => followed(fact, now)),
    provides: stage.provides.map((fact) => followed(fact, now)),
    withheld: Object.fromEntries(
      Object.entries(stage.withheld).map(([fact, why]) => [followed(fact as FactKey, now), why]),
    ),
    names: changed,
    issues: [...stage.issues, ...problems],
  });
}

function distinct(names: Readonly<Record<string, string>>): AnyStage["needs"] {
  return [...new Set(Object.values(names))] as unknown as AnyStage["needs"];
}

function followed(fact: FactKey, now: (key: string) => string): FactKey {
  const dot = fact.indexOf(".");
  return `${now(fact.slice(0, dot))}.${fact.slice(dot + 1)}`;
}

/** What callers without a compiler can get wrong. */
function nameProblems(
  stage: AnyStage,
  names: Readonly<Record<string, string>>,
): ReadonlyArray<string> {
  const known = new Set<string>([...stage.needs, ...stage.gives]);
  const unknown = Object.keys(names).filter((key) => !known.has(key));
  const gifts = stage.gives.map((key) => names[key] ?? key);
  const twice = gifts.filter((key, index) => gifts.indexOf(key) < index);
  return [
    ...unknown.map((key) => `has no artifact ${key} to rename; it has ${[...known].join(", ")}`),
    ...twice.map((key) => `would give two artifacts under the name ${key}`),
  ];
}

/** The stage's name, with the artifacts it was moved to: `sft@critic`. */
export function label({ name, names }: AnyStage): string {
  const used = Object.entries({ ...names.needs, ...names.gives }).filter(([a, b]) => a !== b);
  return used.length === 0 ? name : `${name}@${[...new Set(used.map(([, to]) => to))].join("+")}`;
}

/** What `giver` calls the artifact that `stage` calls `own`, when `giver` is the one that gives it. */
export function giftFor(stage: AnyStage, own: string, giver: AnyStage): string {
  const used = stage.names.needs[own];
  const [gift] = Object.entries(giver.names.gives).find(([, name]) => name === used) ?? [];
  return gift ?? own;
}

/** The outputs of a stage's handler under the names that the pipeline uses. */
export function published(
  { names }: AnyStage,
  outputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(names.gives).map(([own, used]) => [used, outputs[own]]));
}
