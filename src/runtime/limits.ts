/** What may end an attempt before its time: a request to stop, its own time limit, a spent budget. Serves the runtime layer. */
import * as Effect from "effect/Effect";
import type { Budgets } from "../dsl/budgets.ts";
import { overspent, type Spent } from "./budget.ts";
import { type Cut, Interrupted, type StageError, TimedOut } from "./errors.ts";
import { breathe, type Stop } from "./stop.ts";

/** The declared limits of a run, and how much of them it has used. */
export interface Allowance {
  readonly budgets: Budgets;
  readonly spent: () => Spent;
}

/** Watches over one attempt, whose time starts when this is made. */
export interface Limits {
  /** Why to end now, if there is a reason; `step` is the checkpoint that was saved. */
  readonly cut: (step?: number) => Cut | undefined;
  /** Lets signals in. Fails: with the reason to end now. */
  readonly check: Effect.Effect<void, Cut>;
  /** Runs work that looks at `cut` itself and saves before it ends. */
  readonly saving: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
  /** Runs the attempt; one that waits for something past its time limit is interrupted, unless it is saving. */
  readonly within: <A, E extends StageError, R>(
    work: Effect.Effect<A, E, R>,
  ) => Effect.Effect<A, E | TimedOut, R>;
}

/** The limits of an attempt at `stage`, of at most `minutes`. */
export function limitsOf(
  stage: string,
  minutes: number | null,
  stop: Stop["Service"],
  allowance: Allowance,
): Limits {
  const limitMinutes = minutes ?? Number.POSITIVE_INFINITY;
  const endsAt = performance.now() + limitMinutes * 60_000;
  let saving = 0;
  const cut = (step?: number): Cut | undefined => {
    const place = { stage, ...(step === undefined ? {} : { step }) };
    if (stop.requested()) return new Interrupted(place);
    if (performance.now() > endsAt) return new TimedOut({ ...place, limitMinutes });
    return overspent(allowance.budgets, allowance.spent(), place);
  };
  const failAtEnd: Effect.Effect<never, TimedOut> = Effect.suspend(() =>
    saving > 0
      ? Effect.andThen(Effect.sleep("1 second"), failAtEnd)
      : Effect.fail(new TimedOut({ stage, limitMinutes })),
  );
  return {
    cut,
    check: Effect.andThen(
      breathe,
      Effect.suspend(() => {
        const reason = cut();
        return reason === undefined ? Effect.void : Effect.fail(reason);
      }),
    ),
    saving: (work) =>
      Effect.acquireUseRelease(
        Effect.sync(() => saving++),
        () => stop.cooperating(work),
        () => Effect.sync(() => saving--),
      ),
    within: (work) =>
      minutes === null
        ? work
        : Effect.raceFirst(work, Effect.andThen(Effect.sleep(`${minutes} minutes`), failAtEnd)),
  };
}
