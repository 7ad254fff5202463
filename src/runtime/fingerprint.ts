/** What a stage's result depends on, the key made of it, and why two keys differ. Serves the runtime layer. */
import * as Schema from "effect/Schema";
import { canonicalJson, digest } from "../core/digest.ts";
import type { AnyStage } from "../dsl/stage.ts";

/** Everything a stage's result depends on; stored beside the result so that a miss can be explained. */
export const Fingerprint = Schema.Struct({
  name: Schema.String,
  version: Schema.Int,
  /** Decoded options without the operational ones. */
  options: Schema.Record(Schema.String, Schema.Unknown),
  /** Key of the stage each needed artifact comes from. */
  inputs: Schema.Record(Schema.String, Schema.String),
  /** Content of the outside files it reads, by path. */
  reads: Schema.Record(Schema.String, Schema.String),
  seed: Schema.Int,
  /** Hash of the code; see `code.ts`. */
  code: Schema.String,
  /** Name of the tensor engine; null when the result does not depend on it. */
  engine: Schema.NullOr(Schema.String),
});
export type Fingerprint = typeof Fingerprint.Type;

/** `name-` and 16 hexadecimal characters: the stage's folder in the store. */
export function keyOf(fingerprint: Fingerprint): string {
  return `${fingerprint.name}-${digest(fingerprint).slice(0, 16)}`;
}

/** The fingerprint of a stage in its place in a pipeline. */
export function fingerprintOf(
  stage: AnyStage,
  place: Pick<Fingerprint, "inputs" | "reads" | "seed" | "code"> & { readonly engine: string },
): Fingerprint {
  return {
    name: stage.name,
    version: stage.version,
    options: stage.operational.reduce(without, stage.options),
    inputs: place.inputs,
    reads: place.reads,
    seed: place.seed,
    code: place.code,
    engine: stage.engine ? place.engine : null,
  };
}

function without(
  value: Readonly<Record<string, unknown>>,
  path: ReadonlyArray<string>,
): Readonly<Record<string, unknown>> {
  const [head, ...rest] = path;
  const { [head!]: field, ...others } = value;
  if (rest.length === 0) return others;
  return { ...others, [head!]: without(field as Readonly<Record<string, unknown>>, rest) };
}

/** Each difference between an earlier fingerprint and this one, in words, as `options.steps 3 → 4`. */
export function differences(earlier: Fingerprint, now: Fingerprint): ReadonlyArray<string> {
  return [
    ...fieldDifferences("options", earlier.options, now.options),
    ...(earlier.version === now.version ? [] : [`version ${earlier.version} → ${now.version}`]),
    ...(earlier.seed === now.seed ? [] : [`seed ${earlier.seed} → ${now.seed}`]),
    ...(earlier.engine === now.engine ? [] : [`engine ${earlier.engine} → ${now.engine}`]),
    ...(earlier.code === now.code ? [] : ["the code changed"]),
    ...Object.keys(now.reads)
      .filter((path) => earlier.reads[path] !== now.reads[path])
      .map((path) => `the content of ${path} changed`),
    ...Object.keys(now.inputs)
      .filter((input) => earlier.inputs[input] !== now.inputs[input])
      .map((input) => `its input ${input} changed`),
  ];
}

function fieldDifferences(path: string, earlier: unknown, now: unknown): ReadonlyArray<string> {
  if (isRecord(earlier) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(earlier), ...Object.keys(now)])].sort();
    return keys.flatMap((key) => fieldDifferences(`${path}.${key}`, earlier[key], now[key]));
  }
  const [before, after] = [earlier, now].map((value) => canonicalJson(value));
  return before === after ? [] : [`${path} ${brief(earlier)} → ${brief(now)}`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function brief(value: unknown): string {
  const text = value === undefined ? "unset" : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
