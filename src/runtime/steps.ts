/** The metrics of a stage's steps, beside its checkpoints, so that they survive restarts whole. Serves the runtime layer. */
import * as fs from "node:fs";
import * as Schema from "effect/Schema";

/** One step: loop number within the stage, steps done, metrics. */
export const StepLine = Schema.Struct({
  loop: Schema.Int,
  step: Schema.Int,
  metrics: Schema.Record(Schema.String, Schema.Number),
});
export type StepLine = typeof StepLine.Type;

// The JSON codec writes NaN and infinities as text, so that a bad step is still recorded.
const codec = Schema.fromJsonString(Schema.toCodecJson(StepLine));
const encode = Schema.encodeSync(codec);
const decode = Schema.decodeUnknownOption(codec);

/** All whole lines of the step file at `path`; a torn last line is left out. */
export function readSteps(path: string): ReadonlyArray<StepLine> {
  if (!fs.existsSync(path)) return [];
  return fs
    .readFileSync(path, "utf8")
    .split("\n")
    .flatMap((text) => {
      const line = decode(text);
      return line._tag === "Some" ? [line.value] : [];
    });
}

/** Adds one step. Throws file-system errors. */
export function appendStep(path: string, line: StepLine): void {
  fs.appendFileSync(path, `${encode(line)}\n`);
}

/** Forgets the steps of `loop` after `step`, and later loops: they will be done again. Throws file-system errors. */
export function rewindSteps(path: string, loop: number, step: number): void {
  const kept = readSteps(path).filter(
    (line) => line.loop < loop || (line.loop === loop && line.step <= step),
  );
  fs.writeFileSync(path, kept.map((line) => `${encode(line)}\n`).join(""));
}
