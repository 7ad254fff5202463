/** Which failures are tried again, how often and after how long. Serves the runtime layer. */
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import type { StageError } from "./errors.ts";

/** Attempts by error tag; a tag that is not named is never retried. */
export type RetryPolicy = Readonly<
  Record<string, { readonly times: number; readonly baseMs: number }>
>;

/** What is retried when a stage says nothing. */
const defaultPolicy: RetryPolicy = { Transient: { times: 3, baseMs: 200 } };

/** Never retried, whatever a policy says: repeating them repeats the failure. */
const hopeless = new Set([
  "Diverged",
  "PipelineInvalid",
  "Interrupted",
  "StoreFull",
  "BudgetNotMet",
]);

/**
 * Runs `attempt` (given its number, from 1) again after failures the policy names, with exponential
 * back-off from `baseMs` and jitter; `onRetry` hears the reason first.
 *
 * Fails: with the last error once the policy for its tag is used up.
 */
export function retrying<A, E extends StageError, R, E2, R2>(
  policy: RetryPolicy,
  attempt: (number: number) => Effect.Effect<A, E, R>,
  onRetry: (error: E, attempt: number) => Effect.Effect<void, E2, R2>,
): Effect.Effect<A, E | E2, R | R2> {
  const rules: RetryPolicy = { ...defaultPolicy, ...policy };
  const go = (number: number): Effect.Effect<A, E | E2, R | R2> =>
    attempt(number).pipe(
      Effect.catch((error) => {
        const rule = hopeless.has(error._tag) ? undefined : rules[error._tag];
        if (rule === undefined || number > rule.times) return Effect.fail(error);
        return onRetry(error, number).pipe(
          Effect.andThen(pause(rule.baseMs * 2 ** (number - 1))),
          Effect.andThen(Effect.suspend(() => go(number + 1))),
        );
      }),
    );
  return go(1);
}

/** Sleeps about `milliseconds`, jittered so that parallel retries spread out. */
function pause(milliseconds: number): Effect.Effect<unknown> {
  const jittered = Schedule.spaced(`${milliseconds} millis`).pipe(Schedule.jittered);
  return Effect.repeat(Effect.void, { schedule: jittered, times: 1 });
}
