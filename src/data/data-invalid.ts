/** The error of reading a user's data: every problem found, each with file, line and field. Data layer. */
import * as Schema from "effect/Schema";

/** What is wrong at one place: `train.jsonl:17:answer`, or without line or field. */
export interface DataProblem {
  readonly place: string;
  readonly message: string;
}

/** Problems after which reading stops unless told otherwise: more of the same help nobody. */
export const MOST_PROBLEMS = 20;

/** Rows of a file cannot be used; with `stopped` there may be more problems than these. */
export class DataInvalid extends Schema.TaggedError<DataInvalid>()("DataInvalid", {
  file: Schema.String,
  problems: Schema.Array(Schema.Struct({ place: Schema.String, message: Schema.String })),
  stopped: Schema.optionalKey(Schema.Boolean),
}) {
  override get message(): string {
    const { file, problems } = this;
    const lines = problems.map(({ place, message }) => `  ${place}: ${message}`);
    const more = this.stopped ? ["  reading stopped here"] : [];
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    return [`${count} in ${file}`, ...lines, ...more].join("\n");
  }
}

/** `file:line:field`; a missing part is left out. */
export const placeOf = (file: string, line?: number, field?: string): string =>
  [file, ...(line === undefined ? [] : [line]), ...(field ? [field] : [])].join(":");
