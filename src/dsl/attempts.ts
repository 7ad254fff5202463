/** How a stage is tried: how long one attempt may take, and which failures are tried again. Serves the definition layer. */
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import { invalidOptions } from "./invalid.ts";
import { option } from "./option.ts";
import { callSite } from "./site.ts";
import { type AnyStage, deepFreeze } from "./stage.ts";

/** Failures that repeat themselves when they are repeated. */
export const hopelessTags: ReadonlyArray<string> = [
  "Diverged",
  "PipelineInvalid",
  "Interrupted",
  "StoreFull",
  "BudgetNotMet",
];

const between = (minimum: number, maximum: number, expected: string) =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum }, { expected }));
/** What is done about one kind of failure. */
export const RetryRule = Schema.Struct({
  times: option(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })), {
    doc: "How often a failure of this kind is tried again; 0 never.",
    unit: "retries",
    default: 3,
  }),
  delaySeconds: option(between(0, 86_400, "seconds from 0 to 86400"), {
    doc: "Wait before the first retry, give or take a fifth by chance; it doubles each time.",
    unit: "s",
    default: 0.2,
  }),
  maximumDelaySeconds: option(between(0, 86_400, "seconds from 0 to 86400"), {
    doc: "Longest wait before a retry.",
    unit: "s",
    default: 60,
  }),
  totalMinutes: option(Schema.NullOr(between(0, 525_600, "minutes from 0 to 525600")), {
    doc: "No retry begins later than this after the first failure of its kind; null sets no limit.",
    unit: "min",
    default: null,
  }),
});
export type RetryRule = typeof RetryRule.Type;

/** Each error tag once, none of them hopeless. */
const ByTag = Schema.Record(Schema.String, RetryRule).check(
  Schema.makeFilter(
    (rules) => Object.keys(rules).every((tag) => /^\w+$/.test(tag) && !hopelessTags.includes(tag)),
    {
      expected: `tags of errors, such as Transient; ${hopelessTags.join(", ")} cannot be tried again`,
    },
  ),
);

/** How a stage is tried; none of it changes a result. */
export const Attempts = Schema.Struct({
  timeoutMinutes: option(Schema.NullOr(between(0.0001, 525_600, "minutes above 0")), {
    doc: "Longest time of one attempt; then it saves a checkpoint and fails as TimedOut. Null sets no limit.",
    unit: "min",
    default: null,
  }),
  retry: option(ByTag, {
    doc: "By error tag, how often and when a failure is tried again, each time from the last checkpoint.",
    unit: "-",
    default: {},
  }),
});
export type Attempts = typeof Attempts.Type;
/** As written by the author of a pipeline: every field may be left out. */
export type AttemptsInput = typeof Attempts.Encoded;
const decode = Schema.decodeUnknownExit(Attempts, {
  errors: "all",
  onExcessProperty: "error",
  reportInput: true,
});

/**
 * The same stage, tried in its own way: `withAttempts(grpo(), { timeoutMinutes: 90 })`.
 *
 * What it says comes before the pipeline's `attempts`, and those before the stage's own habits.
 * The key of the stage's result stays the same. Wrong settings become the stage's `issues`.
 */
export function withAttempts<S extends AnyStage>(stage: S, attempts: AttemptsInput): S {
  const decoded = decode(attempts);
  if (Exit.isSuccess(decoded)) return deepFreeze({ ...stage, attempts: decoded.value });
  const path = `${stage.name}.attempts`;
  const issues = invalidOptions(path, Attempts, decoded.cause, callSite());
  return deepFreeze({ ...stage, issues: [...stage.issues, ...issues] });
}
