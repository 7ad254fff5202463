/** The contract a stage implements; the runtime knows stages only through it. Serves the runtime layer. */
import type * as Effect from "effect/Effect";
import type { ArtifactKey, Artifacts } from "../dsl/artifacts.ts";
import type { StageSpec } from "../dsl/stage.ts";
import type { RuntimeFailure, StageError } from "./errors.ts";
import type { Forecast, Foresight, Problem } from "./estimate.ts";
import { writtenIn } from "./origin.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Sample } from "./samples.ts";

/** Numbers of one step, by name, in the names of the docs: `reward`, `familiarity`, `constraintRatio`, `klNats`, … */
export type StepMetrics = Readonly<Record<string, number>>;

/** A loop of training steps that the runtime can stop and resume anywhere. */
export interface LoopSpec<State, E, R> {
  /** Number of steps. */
  readonly total: number;
  /** A checkpoint is written after each multiple of this many steps, and on interruption. */
  readonly checkpointEvery: number;
  /** The state before step 0. */
  readonly start: Effect.Effect<State, E, R>;
  /** The state exactly as `save` left it in `dir`. */
  readonly restore: (dir: string) => Effect.Effect<State, E, R>;
  /** One step; `index` counts from 0. May change `state` in place. Address randomness by `index`, never by history. */
  readonly step: (state: State, index: number) => Effect.Effect<StepMetrics, E, R>;
  /** Writes everything the next step depends on, except the index, as files in the empty folder `dir`. */
  readonly save: (state: State, dir: string) => Effect.Effect<void, E, R>;
  /** True when the loop may end before `total`; asked after each step and after a restore. */
  readonly until?: (state: State) => boolean;
  /** Some of what the last step saw, for the report; asked after a few steps. Must change nothing. */
  readonly samples?: (state: State) => Effect.Effect<ReadonlyArray<Sample>, E, R>;
}

/** What the runtime hands a stage. */
export interface StageContext<Options, Inputs> {
  readonly options: Options;
  /** Values of the needed artifacts; paths in them are absolute. */
  readonly inputs: Inputs;
  /** The pipeline's seed; use `stream(seed, stage, ...)`. */
  readonly seed: number;
  /** The stage's id within the pipeline: its name, with `-2`, `-3` from the second use on. */
  readonly stage: string;
  /** How often the stage has run out of memory in this run: halve what is held at once for each time. */
  readonly halvings: number;
  /** An empty folder, kept when the stage succeeds. Paths below it in the outputs are stored relative. */
  readonly outDir: string;
  /** The absolute path of `relative` within `outDir`. */
  readonly artifact: (relative: string) => string;
  /**
   * Runs steps with progress, checkpoints and resume; gives the last state.
   * Fails: with `Interrupted` after saving a checkpoint, `StoreFull` when a checkpoint cannot be written.
   */
  readonly loop: <State, E, R>(
    spec: LoopSpec<State, E, R>,
  ) => Effect.Effect<State, E | RuntimeFailure, R>;
  /** Reports progress outside `loop` and lets signals in. Fails: `Interrupted` when asked to stop. */
  readonly progress: (
    step: number,
    total: number,
    metrics?: StepMetrics,
  ) => Effect.Effect<void, RuntimeFailure>;
  /** Does work that only watches, such as validation: its cost does not count as the stage's. */
  readonly aside: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
  /** Numbers about what the stage has reached, kept with its result: `domainAccuracy`, `retention`, … */
  readonly measure: (metrics: StepMetrics) => Effect.Effect<void, RuntimeFailure>;
  /** A sentence for the user and the log. */
  readonly note: (text: string) => Effect.Effect<void, RuntimeFailure>;
}

/** One implemented stage, its types erased; make it with `handler`. */
export interface Handler<R = never> extends Foresight {
  readonly version: number;
  /** Where it is written: with all they import, these files are the stage's code. */
  readonly files: ReadonlyArray<string>;
  // biome-ignore lint/suspicious/noExplicitAny: the pipeline's types guarantee options and inputs
  readonly run: (context: StageContext<any, any>) => Effect.Effect<unknown, StageError, R>;
  readonly retry: RetryPolicy;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly gib: (options: any) => number;
}

/** Implements a defined stage; options, inputs and outputs have the definition's types. */
export function handler<
  Name extends string,
  Options,
  Encoded,
  Needs extends ArtifactKey,
  Gives extends ArtifactKey,
  E extends StageError,
  R = never,
>(
  definition: { readonly spec: StageSpec<Name, Options, Encoded, Needs, Gives> },
  run: (
    context: StageContext<Options, Pick<Artifacts, Needs>>,
  ) => Effect.Effect<Pick<Artifacts, Gives>, E, R>,
  policy: {
    /** Which error tags to retry, and how often. */
    readonly retry?: RetryPolicy;
    /** Memory the stage holds while it runs, GiB. Default: 0. */
    readonly gib?: (options: Options) => number;
    /** Problems of the options that only the stage can see, found before anything runs. */
    readonly check?: (options: Options) => ReadonlyArray<Problem>;
    /** What the stage will cost, given what is known of its inputs before anything runs. */
    readonly estimate?: (
      options: Options,
      known: Readonly<Record<string, unknown>>,
      seed: number,
    ) => Forecast;
  } = {},
): Handler<R> {
  return {
    name: definition.spec.name,
    version: definition.spec.version,
    files: writtenIn(handler),
    run,
    retry: policy.retry ?? {},
    gib: policy.gib ?? (() => 0),
    check: policy.check,
    estimate: policy.estimate,
  };
}
