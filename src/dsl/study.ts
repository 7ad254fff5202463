/** A study: ways to do the same, run with the same seeds and compared. Serves the definition layer. */
import type { Pipeline } from "./pipeline.ts";

/** What tells the candidates of an arm apart, by name: `{ learningRate: 3e-4, steps: 400 }`. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** One way to do it, with the settings it may have. */
export interface Arm {
  /** One sentence for who reads the results without the code. */
  readonly doc: string;
  readonly candidates: ReadonlyArray<Candidate>;
}

/** An arm with one of its settings. */
export interface Candidate {
  readonly settings: Settings;
  readonly pipeline: Pipeline;
}

/**
 * An arm of a study: one pipeline for each of its settings, among which validation chooses.
 *
 * Of equal candidates the first one counts, so list the cautious ones first. The pipeline ends with an
 * evaluation; choosing leaves that out, so that the test split is read only with the chosen settings.
 */
export function arm<S extends Settings>(definition: {
  readonly doc: string;
  readonly settings: ReadonlyArray<S>;
  readonly pipeline: (settings: S) => Pipeline;
}): Arm {
  const { doc, settings, pipeline } = definition;
  return { doc, candidates: settings.map((one) => ({ settings: one, pipeline: pipeline(one) })) };
}

/** Arms and how they are compared; make the arms with `arm`. */
export interface Study<Name extends string = string> {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** What it is about, for who reads the results. */
  readonly doc: string;
  readonly arms: Readonly<Record<Name, Arm>>;
  /** Seeds of the runs that choose settings; apart from `seeds`, so that nothing is tuned to those. */
  readonly tuneSeeds: ReadonlyArray<number>;
  /** Seeds of the runs that are compared. */
  readonly seeds: ReadonlyArray<number>;
  /** Share of the base's general accuracy that a setting must keep on validation to be chosen, where any does. */
  readonly keep?: number;
  /** Pairs of arms whose difference is of interest: the first less the second, seed by seed. */
  readonly contrasts?: ReadonlyArray<readonly [NoInfer<Name>, NoInfer<Name>]>;
}

/** What is wrong with a study besides its pipelines' own problems, in words. */
export function studyProblems(study: Study): ReadonlyArray<string> {
  const { name, arms, tuneSeeds, seeds, keep = 0, contrasts = [] } = study;
  const whole = (list: ReadonlyArray<number>) => list.every(Number.isSafeInteger);
  const distinct = (list: ReadonlyArray<number>) => new Set(list).size === list.length;
  const several = Object.values(arms).some(({ candidates }) => candidates.length > 1);
  const found: ReadonlyArray<readonly [boolean, string]> = [
    [
      !/^[a-z0-9][a-z0-9-]*$/.test(name),
      `the name ${JSON.stringify(name)} must be lower-case letters, digits and hyphens`,
    ],
    [Object.keys(arms).length === 0, "there are no arms"],
    [seeds.length === 0, "there are no seeds"],
    [!(keep >= 0 && keep <= 1), "keep must be a share from 0 to 1"],
    [several && tuneSeeds.length === 0, "arms with several settings need tuneSeeds"],
    [![seeds, tuneSeeds].every(whole), "seeds must be whole numbers"],
    [![seeds, tuneSeeds].every(distinct), "a seed is there twice"],
    [tuneSeeds.some((seed) => seeds.includes(seed)), "a seed chooses settings and is compared"],
    ...contrasts
      .flat()
      .map((one) => [!Object.hasOwn(arms, one), `contrasts name no arm: ${one}`] as const),
    ...Object.entries(arms).flatMap(armProblems),
  ];
  return found.flatMap(([wrong, text]) => (wrong ? [`study ${name}: ${text}`] : []));
}

function armProblems([name, { candidates }]: readonly [string, Arm]) {
  return [
    [candidates.length === 0, `${name} has no settings`] as const,
    ...candidates.map(
      ({ pipeline }) =>
        [evaluationOf(pipeline) === -1, `${name} ends without an evaluation`] as const,
    ),
  ];
}

/** Index of the first stage that evaluates; -1 when there is none. */
export const evaluationOf = ({ stages }: Pick<Pipeline, "stages">): number =>
  stages.findIndex(({ gives }) => gives.includes("evaluation"));
