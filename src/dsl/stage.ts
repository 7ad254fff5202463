/** What a stage definition is: a name, Schema-checked options, artifacts in and out. Serves the definition layer. */
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import type { ArtifactKey } from "./artifacts.ts";
import type { Attempts } from "./attempts.ts";
import {
  type FactKey,
  type FactRules,
  factsOf,
  type ProvidedFacts,
  type RequiredFacts,
  withheldFacts,
} from "./facts.ts";
import { invalidOptions } from "./invalid.ts";
import type { Issue, Site } from "./issue.ts";
import { annotatedPaths, type Written } from "./option.ts";
import { callSite } from "./site.ts";

/**
 * One stage of a pipeline: a frozen plain value. `Needs` and `Gives` are names of artifacts and of
 * facts about them (`"dataset.reference"`), as they are used in the pipeline.
 */
export interface Stage<
  Name extends string = string,
  Needs extends ArtifactKey | FactKey = never,
  Gives extends ArtifactKey | FactKey = never,
> {
  readonly name: Name;
  readonly version: number;
  readonly doc: string;
  readonly needs: ReadonlyArray<Exclude<Needs, FactKey>>;
  readonly gives: ReadonlyArray<Exclude<Gives, FactKey>>;
  /** Facts that must hold about what it needs, given its options. */
  readonly requires: ReadonlyArray<Extract<Needs, FactKey>>;
  /** Facts that hold about what it gives, given its options. */
  readonly provides: ReadonlyArray<Extract<Gives, FactKey>>;
  /** Facts that its options rule out, and which options do. */
  readonly withheld: Readonly<Record<string, string>>;
  /** The handler's own names of what it needs and gives → those used in the pipeline; they differ after `rename`. */
  readonly names: Readonly<Record<"needs" | "gives", Readonly<Record<string, string>>>>;
  /** Decoded, defaults included; as written when `issues` is not empty. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Paths of the options that count steps. */
  readonly steps: ReadonlyArray<ReadonlyArray<string>>;
  /** Paths of the options that do not change the result. */
  readonly operational: ReadonlyArray<ReadonlyArray<string>>;
  /** Whether its result depends on the tensor engine. */
  readonly engine: boolean;
  /** Files and folders outside the store whose content its result depends on. */
  readonly reads: ReadonlyArray<string>;
  /** How it is tried, where that differs from the pipeline's way. */
  readonly attempts?: Attempts;
  readonly issues: ReadonlyArray<Issue>;
  readonly at: Site | undefined;
}

/** Any stage, for code that does not care which. */
export type AnyStage = Stage<string, ArtifactKey | FactKey, ArtifactKey | FactKey>;

/** What `define` takes. */
export interface StageSpec<
  Name,
  Options,
  Encoded,
  Needs,
  Gives,
  Requires = FactRules,
  Provides = FactRules,
> {
  readonly name: Name;
  /** Raise it when the meaning of an option changes: earlier results are then not reused. */
  readonly version: number;
  /** One sentence: what it does. */
  readonly doc: string;
  readonly options: Schema.Codec<Options, Encoded>;
  readonly needs: ReadonlyArray<Needs>;
  readonly gives: ReadonlyArray<Gives>;
  /**
   * Facts that must hold about its inputs, `"always"` or unless its options match a pattern:
   * `{ "dataset.reference": { unless: [{ on: "general" }] } }`. Default: none.
   */
  readonly requires?: Requires;
  /** Facts that hold about its outputs, as in `requires`. Giving an artifact anew ends all earlier facts about it. */
  readonly provides?: Provides;
  /** False when its result does not depend on the tensor engine (data, for instance). Default: true. */
  readonly engine?: boolean;
  /** Files and folders it reads besides its inputs; when their content changes, it runs again. */
  readonly reads?: (options: Options) => ReadonlyArray<string>;
}

type Arguments<Encoded, Options> =
  Record<string, never> extends Encoded
    ? [options?: Encoded & Written<Options>]
    : [options: Encoded & Written<Options>];

/**
 * A word of the language: call it with options to get a stage; `spec` is what handlers and
 * documentation read. Which facts the stage requires and provides may depend on the options.
 */
export interface Definition<
  Name extends string,
  Options,
  Encoded,
  Needs extends ArtifactKey,
  Gives extends ArtifactKey,
  Requires extends FactRules = NoRules,
  Provides extends FactRules = NoRules,
> {
  <const W = NoRules>(
    ...options: Arguments<Encoded, W>
  ): Stage<
    Name,
    Exclude<Needs | RequiredFacts<Requires, W>, never>,
    Exclude<Gives | ProvidedFacts<Provides, W>, never>
  >;
  readonly spec: StageSpec<Name, Options, Encoded, Needs, Gives, Requires, Provides>;
}

type NoRules = Record<never, never>;

/**
 * Defines a stage word. The returned constructor never throws: wrong options become the stage's
 * `issues`, with the place of the call, and are printed all at once before anything runs.
 */
export function define<
  const Name extends string,
  Options extends object,
  Encoded extends object,
  const Needs extends ArtifactKey = never,
  const Gives extends ArtifactKey = never,
  const Requires extends FactRules<Encoded> = NoRules,
  const Provides extends FactRules<Encoded> = NoRules,
>(
  spec: StageSpec<Name, Options, Encoded, Needs, Gives, Requires, Provides>,
): Definition<Name, Options, Encoded, Needs, Gives, Requires, Provides> {
  const decode = Schema.decodeUnknownExit(spec.options, {
    errors: "all",
    onExcessProperty: "error",
    reportInput: true,
  });
  const make = (options: unknown = {}) => {
    const at = callSite();
    const decoded = decode(options);
    const valid = Exit.isSuccess(decoded);
    const value = (valid ? decoded.value : options) as Record<string, unknown>;
    return deepFreeze({
      name: spec.name,
      version: spec.version,
      doc: spec.doc,
      needs: [...spec.needs],
      gives: [...spec.gives],
      // With wrong options nothing is known about facts, and what is wrong is reported anyway.
      requires: valid ? factsOf(spec.requires ?? {}, value) : [],
      provides: valid ? factsOf(spec.provides ?? {}, value) : Object.keys(spec.provides ?? {}),
      withheld: valid ? withheldFacts(spec.provides ?? {}, value) : {},
      names: { needs: same(spec.needs), gives: same(spec.gives) },
      options: value,
      steps: valid ? annotatedPaths(spec.options, value, "scalable") : [],
      operational: valid ? annotatedPaths(spec.options, value, "operational") : [],
      engine: spec.engine ?? true,
      reads: valid ? [...(spec.reads?.(decoded.value) ?? [])] : [],
      issues: valid ? [] : invalidOptions(spec.name, spec.options, decoded.cause, at),
      at,
    });
  };
  // The rules say the same to the compiler and to `factsOf`.
  const word = make as unknown as Definition<
    Name,
    Options,
    Encoded,
    Needs,
    Gives,
    Requires,
    Provides
  >;
  return Object.assign(word, { spec });
}

function same(names: ReadonlyArray<string>): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** The same stage with its step-counting options multiplied by `factor`, rounded, at least 1. */
export function scaleSteps<S extends AnyStage>(stage: S, factor: number): S {
  const options = stage.steps.reduce(
    (value, path) => scaleAt(value, path, factor) as Readonly<Record<string, unknown>>,
    stage.options,
  );
  return deepFreeze({ ...stage, options });
}

function scaleAt(value: unknown, path: ReadonlyArray<string>, factor: number): unknown {
  const [head, ...rest] = path;
  if (head === undefined) {
    return typeof value === "number" ? Math.max(1, Math.round(value * factor)) : value;
  }
  const record = value as Readonly<Record<string, unknown>>;
  return { ...record, [head]: scaleAt(record[head], rest, factor) };
}

/** Freezes plain objects and arrays all the way down; definitions are small, so this costs nothing. */
export function deepFreeze<A>(value: A): A {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const field of Object.values(value)) deepFreeze(field);
  return Object.freeze(value);
}
