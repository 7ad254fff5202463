/** The metrics of a stage's steps, beside its checkpoints, so that they survive restarts whole. Serves the runtime layer. */
import * as Schema from "effect/Schema";
import { Expense, nothing, plus } from "./expense.ts";
import { lineFile } from "./line-file.ts";

/** One step: loop number within the stage, steps done, metrics, and what it cost where that was measured. */
export const StepLine = Schema.Struct({
  loop: Schema.Int,
  step: Schema.Int,
  metrics: Schema.Record(Schema.String, Schema.Number),
  spent: Schema.optionalKey(Expense),
});
export type StepLine = typeof StepLine.Type;

const file = lineFile(StepLine);

/** All whole lines of the step file at `path`; a torn last line is left out. */
export const readSteps = file.read;

/** How many steps the file at `path` tells of: the last step of each loop, so that a lost line takes none away. */
export function stepsDone(path: string): number {
  const last = new Map<number, number>();
  for (const { loop, step } of readSteps(path)) last.set(loop, Math.max(step, last.get(loop) ?? 0));
  return [...last.values()].reduce((sum, step) => sum + step, 0);
}

/** What the steps that the file at `path` tells of have cost together. */
export const spentOn = (path: string): Expense =>
  readSteps(path).reduce((sum, { spent = nothing }) => plus(sum, spent), nothing);

/** Adds one step. Throws file-system errors. */
export const appendStep = file.append;

/** Forgets the steps of `loop` after `step`, and later loops: they will be done again. Throws file-system errors. */
export function rewindSteps(path: string, loop: number, step: number): void {
  file.rewind(path, (line) => line.loop < loop || (line.loop === loop && line.step <= step));
}
