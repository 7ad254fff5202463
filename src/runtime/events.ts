/** What happens in a run, as Schema-encoded events: appended to a file, heard by subscribers. Serves the runtime layer. */
import * as fs from "node:fs";
import type * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { StoreBroken, StoreFull } from "./errors.ts";
import { onDisk } from "./files.ts";
import { sealLine } from "./sealed.ts";

const stage = { stage: Schema.String };
const Metrics = Schema.Record(Schema.String, Schema.Number);

const RunVerdict = Schema.Struct({
  budget: Schema.String,
  limit: Schema.Finite,
  /** Null when it was not measured. */
  reached: Schema.NullOr(Schema.Finite),
  met: Schema.Boolean,
});

/** Everything a run tells about itself; `stage` is the stage's id within the pipeline. */
export const Event = Schema.Union([
  Schema.TaggedStruct("RunStarted", { pipeline: Schema.String, seed: Schema.Int }),
  Schema.TaggedStruct("StageCached", { ...stage, key: Schema.String }),
  Schema.TaggedStruct("StageStarted", {
    ...stage,
    key: Schema.String,
    attempt: Schema.Int,
    why: Schema.String,
  }),
  Schema.TaggedStruct("StageResumed", { ...stage, step: Schema.Int }),
  Schema.TaggedStruct("StageProgress", {
    ...stage,
    step: Schema.Int,
    total: Schema.Int,
    metrics: Metrics,
  }),
  Schema.TaggedStruct("StageCheckpointed", { ...stage, step: Schema.Int }),
  Schema.TaggedStruct("StageMeasured", { ...stage, step: Schema.Int, metrics: Metrics }),
  Schema.TaggedStruct("StageNote", { ...stage, text: Schema.String }),
  Schema.TaggedStruct("StageRetried", {
    ...stage,
    attempt: Schema.Int,
    error: Schema.String,
    /** Tag of the error, and the wait before the next attempt. */
    reason: Schema.optionalKey(Schema.String),
    delaySeconds: Schema.optionalKey(Schema.Finite),
  }),
  Schema.TaggedStruct("StageDone", { ...stage, seconds: Schema.Finite, steps: Schema.Int }),
  Schema.TaggedStruct("StageFailed", { ...stage, error: Schema.String, detail: Schema.String }),
  Schema.TaggedStruct("StageInterrupted", stage),
  Schema.TaggedStruct("RunDone", {
    seconds: Schema.Finite,
    /** Every declared budget and what became of it. */
    verdicts: Schema.optionalKey(Schema.Array(RunVerdict)),
    /** Most memory the process held, GiB. */
    memoryGib: Schema.optionalKey(Schema.Finite),
  }),
]);
export type Event = typeof Event.Type;

/** One line of `events.jsonl`: format version, time (ISO 8601) and the event. */
export const EventLine = Schema.Struct({
  v: Schema.Literal(1),
  time: Schema.String,
  event: Event,
});

// The JSON codec writes NaN and infinities as text, so that a bad step is still recorded.
const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(EventLine)));

/** An event as one line of JSON for who listens to a program: as in the file, with the run's id in front. */
export function eventText(run: string, event: Event): string {
  const line = encode({ v: 1, time: new Date().toISOString(), event });
  return `{"run":${JSON.stringify(run)},${line.slice(1)}`;
}

/** Where events of one run go. */
export interface Journal {
  readonly emit: (event: Event) => Effect.Effect<void, StoreFull | StoreBroken>;
}

/** Appends events to the file at `path` and tells each subscriber, in order. */
export function openJournal(
  path: string,
  subscribers: ReadonlyArray<(event: Event) => void>,
): Journal {
  return {
    emit: (event) =>
      onDisk(path, "the event log", () => {
        for (const subscriber of subscribers) subscriber(event);
        const time = new Date().toISOString();
        fs.appendFileSync(path, `${sealLine(encode({ v: 1, time, event }))}\n`);
      }),
  };
}
