/** Which failures are tried again, how often and after how long. Serves the runtime layer. */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Random from "effect/Random";
import { hopelessTags, type RetryRule } from "../dsl/attempts.ts";
import type { StageError } from "./errors.ts";

/** Rules by error tag; a tag that is not named is never tried again. */
export type RetryPolicy = Readonly<Record<string, Partial<RetryRule>>>;

/** Where a rule says nothing. */
const plainRule: RetryRule = {
  times: 3,
  delaySeconds: 0.2,
  maximumDelaySeconds: 60,
  totalMinutes: null,
};

/** What is tried again when nobody says anything; each loss of memory halves what is held at once. */
const habits: RetryPolicy = {
  Transient: {},
  OutOfMemory: { times: 12, delaySeconds: 0 },
};

const hopeless = new Set(hopelessTags);

/** What is done after one failure. */
export interface Retry {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly delaySeconds: number;
}

/**
 * Runs `attempt` (given its number, from 1) again after failures that a policy names; later policies
 * come before earlier ones, and all before the habits. Waits grow twofold up to the longest, give or
 * take a fifth by chance, so that parallel retries spread out; `onRetry` hears of each wait before it.
 *
 * Fails: with the last error once the rule for its tag is used up, or an error says `final`.
 */
export function retrying<A, E extends StageError, R, E2, R2>(
  policies: ReadonlyArray<RetryPolicy>,
  attempt: (number: number) => Effect.Effect<A, E, R>,
  onRetry: (error: E, retry: Retry) => Effect.Effect<void, E2, R2>,
): Effect.Effect<A, E | E2, R | R2> {
  const failures = new Map<string, { count: number; readonly since: number }>();
  const afterFailure = Effect.fnUntraced(function* (error: E) {
    const rule = ruleFor(error, policies);
    const now = yield* Clock.currentTimeMillis;
    const seen = failures.get(error._tag) ?? { count: 0, since: now };
    seen.count += 1;
    failures.set(error._tag, seen);
    if (rule === undefined || seen.count > rule.times) return undefined;
    const doubled = rule.delaySeconds * 2 ** (seen.count - 1);
    const chance = yield* Random.nextBetween(0.8, 1.2);
    const delaySeconds = Math.min(doubled, rule.maximumDelaySeconds) * chance;
    const begins = (now - seen.since) / 1000 + delaySeconds;
    const tooLate = rule.totalMinutes !== null && begins > rule.totalMinutes * 60;
    return tooLate ? undefined : delaySeconds;
  });
  const go = (number: number): Effect.Effect<A, E | E2, R | R2> =>
    Effect.catch(attempt(number), (error) =>
      Effect.gen(function* () {
        const delaySeconds = yield* afterFailure(error);
        if (delaySeconds === undefined) return yield* Effect.fail(error);
        yield* onRetry(error, { attempt: number, delaySeconds });
        if (delaySeconds > 0) yield* Effect.sleep(`${delaySeconds * 1000} millis`);
        return yield* go(number + 1);
      }),
    );
  return go(1);
}

function ruleFor(error: StageError, policies: ReadonlyArray<RetryPolicy>): RetryRule | undefined {
  if (hopeless.has(error._tag) || error.final === true) return undefined;
  const named = [habits, ...policies].flatMap((policy) => policy[error._tag] ?? []);
  return named.length === 0 ? undefined : Object.assign({}, plainRule, ...named);
}
