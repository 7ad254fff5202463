/** What a stage's result depends on, the key made of it, and why two keys differ. Serves the runtime layer. */
import * as Schema from "effect/Schema";
import { canonicalJson, digest } from "../core/digest.ts";
import type { AnyStage } from "../dsl/stage.ts";

/** The code of a stage: hash of each file by its path from the package's root, version of each package. */
const Code = Schema.Struct({
  files: Schema.Record(Schema.String, Schema.String),
  packages: Schema.Record(Schema.String, Schema.String),
});
export type Code = typeof Code.Type;

/** Everything a stage's result depends on; stored beside the result so that a miss can be explained. */
export const Fingerprint = Schema.Struct({
  name: Schema.String,
  version: Schema.Int,
  /** Decoded options without the operational ones. */
  options: Schema.Record(Schema.String, Schema.Unknown),
  /** Key of the stage each needed artifact comes from. */
  inputs: Schema.Record(Schema.String, Schema.String),
  /** Only where the stage's id, under which randomness is drawn, is not its name, or artifacts are renamed: the id, and its givers' own names for its inputs. */
  renamed: Schema.optional(
    Schema.Struct({ id: Schema.String, inputs: Schema.Record(Schema.String, Schema.String) }),
  ),
  /** Content of the outside files it reads, by path. */
  reads: Schema.Record(Schema.String, Schema.String),
  seed: Schema.Int,
  code: Code,
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
  place: Pick<Fingerprint, "inputs" | "renamed" | "reads" | "seed" | "code"> & {
    readonly engine: string;
  },
): Fingerprint {
  return {
    name: stage.name,
    version: stage.version,
    options: stage.operational.reduce(without, stage.options),
    inputs: place.inputs,
    ...(place.renamed && { renamed: place.renamed }),
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
    ...fieldDifferences("renamed", earlier.renamed, now.renamed),
    ...(earlier.version === now.version ? [] : [`version ${earlier.version} → ${now.version}`]),
    ...(earlier.seed === now.seed ? [] : [`seed ${earlier.seed} → ${now.seed}`]),
    ...(earlier.engine === now.engine ? [] : [`engine ${earlier.engine} → ${now.engine}`]),
    ...codeDifference(earlier.code, now.code),
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

/** One sentence for all the code, so that a miss is explained by what its user did first. */
function codeDifference(earlier: Code, now: Code): ReadonlyArray<string> {
  const packages = differing(earlier.packages, now.packages).map(
    (name) =>
      `package ${name} ${earlier.packages[name] ?? "none"} → ${now.packages[name] ?? "none"}`,
  );
  const files = differing(earlier.files, now.files).map((path) => {
    const came = earlier.files[path] === undefined;
    const went = now.files[path] === undefined;
    return `code of ${path} ${came ? "came in" : went ? "went out" : "changed"}`;
  });
  // What changed comes before what came in or went out: it is the cause, those follow.
  const causes = files.sort(
    (a, b) => Number(b.endsWith("changed")) - Number(a.endsWith("changed")),
  );
  const [first, ...more] = [...causes, ...packages];
  if (first === undefined) return [];
  return [more.length === 0 ? first : `${first}, and ${more.length} more`];
}

function differing(
  earlier: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): ReadonlyArray<string> {
  const names = [...new Set([...Object.keys(earlier), ...Object.keys(now)])].sort();
  return names.filter((name) => earlier[name] !== now[name]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function brief(value: unknown): string {
  const text = value === undefined ? "unset" : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
