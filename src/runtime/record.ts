/** `run.json`: what a run was asked for, with a format version. Serves the runtime layer. */
import { join } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { writeAtomic } from "./files.ts";
import { readSealed, seal } from "./sealed.ts";

/** Raised when `run.json` changes in a way that older code cannot read. */
export const runFormat = 1;

const Anything = Schema.Record(Schema.String, Schema.Unknown);

const Site = Schema.Struct({ file: Schema.String, line: Schema.Int, column: Schema.Int });

const RecordedStage = Schema.Struct({
  name: Schema.String,
  version: Schema.Int,
  gives: Schema.Array(Schema.String),
  /** Decoded options, defaults included. */
  options: Anything,
  at: Schema.optional(Site),
});

/** What a run was asked for: the pipeline, what the store had of each stage, and where it ran. */
const RunRecord = Schema.Struct({
  format: Schema.Literal(runFormat),
  /** ISO 8601, UTC. */
  startedAt: Schema.String,
  pipeline: Schema.Struct({
    name: Schema.String,
    doc: Schema.String,
    seed: Schema.Int,
    budgets: Anything,
    stages: Schema.Array(RecordedStage),
  }),
  /** In the pipeline's order: id within the pipeline, key in the store, and what the plan said. */
  stages: Schema.Array(
    Schema.Struct({ id: Schema.String, key: Schema.String, action: Schema.String }),
  ),
  /** Engine, versions, command line. */
  environment: Anything,
});
export type RunRecord = typeof RunRecord.Type;

const decode = Schema.decodeUnknownOption(RunRecord);
const fileName = "run.json";

/** Writes the record of the run in `runDir`. Throws file-system errors. */
export function writeRecord(runDir: string, record: RunRecord): void {
  writeAtomic(join(runDir, fileName), seal(record));
}

/** The record of the run in `runDir`, or in words why it cannot be read. */
export function readRecord(runDir: string): RunRecord | string {
  const found = readSealed(join(runDir, fileName));
  if (typeof found === "string") return `${fileName} is ${found}`;
  return Option.getOrElse(decode(found.value), () => refusal(found.value));
}

function refusal(value: unknown): string {
  const format = (value as { readonly format?: unknown } | null)?.format;
  if (format === runFormat) return `${fileName} is not complete`;
  return `${fileName} has format ${JSON.stringify(format)}, this version reads ${runFormat}`;
}
