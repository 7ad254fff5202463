/** What a stage's loop shows of itself: questions with sampled responses, beside its step metrics. Serves the runtime layer. */
import * as Schema from "effect/Schema";
import { lineFile } from "./line-file.ts";

/** One response to a question: what was imposed of it, what was generated after that, and what it earned. */
const SampledResponse = Schema.Struct({
  imposed: Schema.String,
  generated: Schema.String,
  /** Points, all components weighted. */
  reward: Schema.Number,
  /** Each component by itself, in [0, 1]. */
  rewards: Schema.Record(Schema.String, Schema.Number),
  /** False when the response was cut at the greatest length. */
  finished: Schema.Boolean,
});

/** One question of a step. */
export const Sample = Schema.Struct({
  /** Task or problem family. */
  family: Schema.String,
  question: Schema.String,
  /** The right answer. */
  answer: Schema.String,
  /** PNG, base64; null when the image could not be encoded. */
  image: Schema.NullOr(Schema.String),
  /** Mean reward of the question's whole group, points. */
  groupReward: Schema.Number,
  /** A few of the group's responses, best first. */
  responses: Schema.Array(SampledResponse),
});
export type Sample = typeof Sample.Type;

/** One line of `samples.jsonl`: loop number within the stage, steps done. */
const SampleLine = Schema.Struct({ loop: Schema.Int, step: Schema.Int, sample: Sample });
export type SampleLine = typeof SampleLine.Type;

const file = lineFile(SampleLine);

/** Name of the file in a stage's folder. */
export const samplesFile = "samples.jsonl";

/** The samples of the file at `path`, in order. */
export const readSamples = file.read;

/** Adds one sample. Throws file-system errors. */
export const appendSample = file.append;

/** Forgets what was sampled in `loop` after `step`, and in later loops. Throws file-system errors. */
export function rewindSamples(path: string, loop: number, step: number): void {
  file.rewind(path, (line) => line.loop < loop || (line.loop === loop && line.step <= step));
}

/** Ten times a loop at most, and never more often than every tenth step: the cost must not show. */
const [moments, least] = [10, 10];

/** Whether samples are kept after `step` of at most `total` steps: the first, the last, and some between. */
export function samplesDue(step: number, total: number, ended: boolean): boolean {
  return ended || step === 1 || step % Math.max(least, Math.ceil(total / moments)) === 0;
}
