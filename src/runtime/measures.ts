/** What a stage measured of its result, beside its step metrics, so that a stored stage still tells it. Serves the runtime layer. */
import * as fs from "node:fs";
import * as Schema from "effect/Schema";
import { lineFile } from "./line-file.ts";

/** One measurement: loop steps done before it, numbers by name. */
export const Measure = Schema.Struct({
  step: Schema.Int,
  metrics: Schema.Record(Schema.String, Schema.Number),
});
export type Measure = typeof Measure.Type;

const file = lineFile(Measure);

/** Name of the file in a stage's folder. */
export const measuresFile = "measures.jsonl";

/** The measurements of the file at `path`, in order. */
export const readMeasures = file.read;

/** Adds one measurement. Throws file-system errors. */
export const appendMeasure = file.append;

/** Forgets all: an attempt measures again whatever an earlier one did. Throws file-system errors. */
export const clearMeasures = (path: string): void => fs.rmSync(path, { force: true });
