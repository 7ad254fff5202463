/** What the store holds under a stage's key, for looking back: nothing is verified, missing parts are missing. Serves the runtime layer. */
import { join } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { mean } from "../core/statistics.ts";
import { resolvePaths } from "./reference.ts";
import { readSealed } from "./sealed.ts";
import { readSteps } from "./steps.ts";

const Result = Schema.Struct({
  outputs: Schema.Record(Schema.String, Schema.Unknown),
  steps: Schema.Int,
  seconds: Schema.Finite,
});
const Hashes = Schema.Record(Schema.String, Schema.String);
const Spec = Schema.Struct({
  engine: Schema.NullOr(Schema.String),
  /** One hash in stores of format 1. */
  code: Schema.Union([Schema.Struct({ files: Hashes, packages: Hashes }), Schema.String]),
});

/** A stage's folder in the store, as far as it can be read. */
export interface StoredStage {
  readonly dir: string;
  /** Outputs hold absolute paths. */
  readonly result: typeof Result.Type | undefined;
  readonly spec: typeof Spec.Type | undefined;
}

/** Reads the folder of `key` in the store at `root`. */
export function readStored(root: string, key: string): StoredStage {
  const stages = join(root, "stages");
  const dir = join(stages, key);
  const result = readJson(join(dir, "result.json"), Result);
  const outputs = resolvePaths(result?.outputs ?? {}, { out: join(dir, "out"), stages });
  return {
    dir,
    result: result && { ...result, outputs: outputs as typeof result.outputs },
    spec: readJson(join(dir, "spec.json"), Spec),
  };
}

/** The code behind a stage's result: content hash of each source file, version of each package. */
export function codeBehind(
  id: string,
  { spec }: StoredStage,
): ReadonlyArray<readonly [string, string]> {
  if (spec === undefined) return [];
  if (typeof spec.code === "string") return [[`code of ${id}`, spec.code]];
  const { files, packages } = spec.code;
  const named = Object.entries(packages).map(
    ([name, version]) => [`package ${name}`, version] as const,
  );
  return [...Object.entries(files), ...named];
}

const AVERAGED = 10;

/** Means of a stage's metrics over its last ten steps; empty without steps. */
export function lastMetrics(stageDir: string): Readonly<Record<string, number>> {
  const lines = readSteps(join(stageDir, "steps.jsonl"));
  const recent = lines.filter(({ loop }) => loop === lines.at(-1)?.loop).slice(-AVERAGED);
  const names = [...new Set(recent.flatMap(({ metrics }) => Object.keys(metrics)))];
  const values = (name: string) => recent.flatMap(({ metrics }) => metrics[name] ?? []);
  return Object.fromEntries(names.map((name) => [name, mean(values(name))]));
}

function readJson<A>(path: string, schema: Schema.Codec<A, unknown>): A | undefined {
  try {
    const found = readSealed(path);
    if (typeof found === "string") return undefined;
    return Option.getOrUndefined(Schema.decodeUnknownOption(schema)(found.value));
  } catch {
    return undefined;
  }
}
