/** What can be said about a stage before it runs: problems its options hold, and what it will cost. Serves the runtime layer. */
import type { Issue } from "../dsl/issue.ts";
import type { AnyStage } from "../dsl/stage.ts";

/** Something wrong that only the stage itself can see, such as a file that cannot be used; `path` is below its options. */
export type Problem = Pick<Issue, "code" | "path" | "message" | "hint">;

/** Work of one kind; how long it takes depends on the kind, the engine and the number of operations. */
export interface Work {
  readonly kind: string;
  readonly times: number;
  /** Floating-point operations each time, a multiplication with its addition as two. */
  readonly flops: number;
}

/** What a stage will cost. */
export interface Cost {
  /** Loop steps that are expected; a stage may end early, never after `mostSteps`. */
  readonly steps: number;
  readonly mostSteps: number;
  /** Work of each step. */
  readonly perStep: ReadonlyArray<Work>;
  /** Work before and after the loop. */
  readonly around: ReadonlyArray<Work>;
  /** Memory on the device at the worst moment, bytes. */
  readonly peakBytes: number;
  /** The same when batches are taken in the smallest possible pieces, bytes. */
  readonly leastBytes: number;
  /** Why nothing can be said about its work yet; memory is then that of the weights. */
  readonly unknown?: string;
  /** What the speed of its work is measured with, known to the stage alone. */
  readonly basis?: unknown;
}

/** What is known about a stage's outputs before it has run, by artifact, and its cost where it can be told. */
export interface Forecast {
  readonly cost?: Cost;
  readonly gives: Readonly<Record<string, unknown>>;
}

/** How far ahead a stage can see; every function is optional. */
export interface Foresight {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the definition's Schema has decoded the options
  readonly check?: ((options: any) => ReadonlyArray<Problem>) | undefined;
  /** `known` holds what is known about its inputs, by artifact; what nothing is known about is missing. */
  readonly estimate?:
    | ((
        // biome-ignore lint/suspicious/noExplicitAny: as above
        options: any,
        known: Readonly<Record<string, unknown>>,
        seed: number,
      ) => Forecast)
    | undefined;
  /** What is known once it has run and its outputs are stored, where that is more than before. */
  readonly recall?: ((outputs: Readonly<Record<string, unknown>>) => Forecast["gives"]) | undefined;
}

const of = (stage: AnyStage, foresights: ReadonlyArray<Foresight>) =>
  stage.issues.length > 0 ? undefined : foresights.find(({ name }) => name === stage.name);

/** The problems that stages see in their own options. */
export function foreseenIssues(
  stages: ReadonlyArray<AnyStage>,
  foresights: ReadonlyArray<Foresight>,
): ReadonlyArray<Issue> {
  return stages.flatMap((stage) =>
    (of(stage, foresights)?.check?.(stage.options) ?? []).map((problem) => ({
      ...problem,
      path: problem.path === "" ? stage.name : `${stage.name}.${problem.path}`,
      ...(stage.at && { at: stage.at }),
    })),
  );
}

/**
 * The cost of each stage, as far as it can be told; each sees what is known of the stages before it.
 *
 * @param stored what the stage at an index has given before, where that is known
 */
export function forecast(
  stages: ReadonlyArray<AnyStage>,
  foresights: ReadonlyArray<Foresight>,
  seed: number,
  stored: (index: number) => Readonly<Record<string, unknown>> | undefined = () => undefined,
): ReadonlyArray<Cost | undefined> {
  const known = new Map<string, unknown>();
  return stages.map((stage, index) => {
    const { needs, gives } = stage.names;
    const foresight = of(stage, foresights);
    const inputs = Object.fromEntries(
      Object.entries(needs).map(([own, used]) => [own, known.get(used)]),
    );
    const seen = foresight?.estimate?.(stage.options, inputs, seed);
    const outputs = stored(index);
    const given = { ...seen?.gives, ...(outputs && foresight?.recall?.(outputs)) };
    for (const [own, used] of Object.entries(gives)) known.set(used, given[own]);
    return seen?.cost;
  });
}

/** All work of a stage that goes on after `done` of its steps; at least one step is left. */
export function workOf(cost: Cost, done = 0): ReadonlyArray<Work> {
  const left = cost.steps === 0 ? 0 : Math.max(1, cost.steps - done);
  return [
    ...cost.around,
    ...cost.perStep.map((work) => ({ ...work, times: work.times * left })),
  ].filter(({ times }) => times > 0);
}

/** Floating-point operations of work. */
export function flopsOf(works: ReadonlyArray<Work>): number {
  return works.reduce((sum, { times, flops }) => sum + times * flops, 0);
}
