/** Brings thrown tagged errors of the plain layers into Effect's error channel. Serves all stages. */
import * as Effect from "effect/Effect";
import type { StageError } from "../runtime/errors.ts";

const isTagged = (error: unknown): error is StageError =>
  typeof error === "object" && error !== null && "_tag" in error && "message" in error;

/**
 * Runs plain code; a tagged error it throws (an unreadable folder, a full disk) becomes a failure
 * of the stage, anything else is a defect.
 */
export function attempt<A>(body: () => A): Effect.Effect<A, StageError> {
  return Effect.suspend(() => {
    try {
      return Effect.succeed(body());
    } catch (error) {
      return isTagged(error) ? Effect.fail(error) : Effect.die(error);
    }
  });
}

/** The same for code that waits. */
export function attemptAsync<A>(body: () => Promise<A>): Effect.Effect<A, StageError> {
  return Effect.tryPromise({ try: body, catch: (error) => error }).pipe(
    Effect.catch((error) => (isTagged(error) ? Effect.fail(error) : Effect.die(error))),
  );
}
