/** What a stage definition is: a name, Schema-checked options, artifacts in and out. Serves the definition layer. */
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import type { ArtifactKey } from "./artifacts.ts";
import { invalidOptions } from "./invalid.ts";
import type { Issue, Site } from "./issue.ts";
import { annotatedPaths } from "./option.ts";
import { callSite } from "./site.ts";

/** One stage of a pipeline: a frozen plain value; `Needs` and `Gives` are names of artifacts. */
export interface Stage<
  Name extends string = string,
  Needs extends ArtifactKey = never,
  Gives extends ArtifactKey = never,
> {
  readonly name: Name;
  readonly version: number;
  readonly doc: string;
  readonly needs: ReadonlyArray<Needs>;
  readonly gives: ReadonlyArray<Gives>;
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
  readonly issues: ReadonlyArray<Issue>;
  readonly at: Site | undefined;
}

/** Any stage, for code that does not care which. */
export type AnyStage = Stage<string, ArtifactKey, ArtifactKey>;

/** What `define` takes. */
export interface StageSpec<Name, Options, Encoded, Needs, Gives> {
  readonly name: Name;
  /** Raise it when the meaning of an option changes: earlier results are then not reused. */
  readonly version: number;
  /** One sentence: what it does. */
  readonly doc: string;
  readonly options: Schema.Codec<Options, Encoded>;
  readonly needs: ReadonlyArray<Needs>;
  readonly gives: ReadonlyArray<Gives>;
  /** False when its result does not depend on the tensor engine (data, for instance). Default: true. */
  readonly engine?: boolean;
  /** Files and folders it reads besides its inputs; when their content changes, it runs again. */
  readonly reads?: (options: Options) => ReadonlyArray<string>;
}

type Arguments<Encoded> =
  Record<string, never> extends Encoded ? [options?: Encoded] : [options: Encoded];

/** A word of the language: call it with options to get a stage; `spec` is what handlers and documentation read. */
export interface Definition<
  Name extends string,
  Options,
  Encoded,
  Needs extends ArtifactKey,
  Gives extends ArtifactKey,
> {
  (...options: Arguments<Encoded>): Stage<Name, Needs, Gives>;
  readonly spec: StageSpec<Name, Options, Encoded, Needs, Gives>;
}

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
>(
  spec: StageSpec<Name, Options, Encoded, Needs, Gives>,
): Definition<Name, Options, Encoded, Needs, Gives> {
  const decode = Schema.decodeUnknownExit(spec.options, {
    errors: "all",
    onExcessProperty: "error",
    reportInput: true,
  });
  const make = (options: unknown = {}): Stage<Name, Needs, Gives> => {
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
      options: value,
      steps: valid ? annotatedPaths(spec.options, value, "scalable") : [],
      operational: valid ? annotatedPaths(spec.options, value, "operational") : [],
      engine: spec.engine ?? true,
      reads: valid ? [...(spec.reads?.(decoded.value) ?? [])] : [],
      issues: valid ? [] : invalidOptions(spec.name, spec.options, decoded.cause, at),
      at,
    });
  };
  return Object.assign(make, { spec });
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
