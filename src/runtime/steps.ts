/** The metrics of a stage's steps, beside its checkpoints, so that they survive restarts whole. Serves the runtime layer. */
import * as Schema from "effect/Schema";
import { lineFile } from "./line-file.ts";

/** One step: loop number within the stage, steps done, metrics. */
export const StepLine = Schema.Struct({
  loop: Schema.Int,
  step: Schema.Int,
  metrics: Schema.Record(Schema.String, Schema.Number),
});
export type StepLine = typeof StepLine.Type;

const file = lineFile(StepLine);

/** All whole lines of the step file at `path`; a torn last line is left out. */
export const readSteps = file.read;

/** Adds one step. Throws file-system errors. */
export const appendStep = file.append;

/** Forgets the steps of `loop` after `step`, and later loops: they will be done again. Throws file-system errors. */
export function rewindSteps(path: string, loop: number, step: number): void {
  file.rewind(path, (line) => line.loop < loop || (line.loop === loop && line.step <= step));
}
