/** Asking a run to stop: the first signal lets it save, the second ends it at once. Serves the runtime layer. */
import * as Context from "effect/Context";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Interrupted } from "./errors.ts";

/** Whether the run was asked to stop, and who takes care of it. */
export class Stop extends Context.Service<
  Stop,
  {
    /** True from the first request on. */
    readonly requested: () => boolean;
    readonly request: Effect.Effect<void>;
    /** Runs work that looks at `requested` itself and saves before it ends. */
    readonly cooperating: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
    /** Runs work that is interrupted by a request, unless something inside it cooperates. */
    readonly interrupting: <A, E, R>(
      work: Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, E | Interrupted, R>;
    /** Lets signals in, and fails when a request has come. */
    readonly check: (stage: string) => Effect.Effect<void, Interrupted>;
  }
>()("rcpa/runtime/Stop") {
  /** Stops on request only (tests, embedding). */
  static readonly layer = Layer.effect(Stop, Effect.suspend(make));
  /** Stops on SIGINT and SIGTERM as well, for as long as the layer lives. */
  static readonly layerSignals = Layer.effect(Stop, Effect.tap(Effect.suspend(make), listen));
}

function make() {
  const asked = Deferred.makeUnsafe<void>();
  let requested = false;
  const request = Effect.suspend(() => {
    requested = true;
    return Deferred.succeed(asked, undefined);
  });
  /** Each work that is interrupted by itself counts its own cooperation: one of several may be saving. */
  const service = (): { readonly stop: Stop["Service"]; readonly isCooperating: () => boolean } => {
    let cooperating = 0;
    const stop = Stop.of({
      requested: () => requested,
      request,
      cooperating: (work) =>
        Effect.acquireUseRelease(
          Effect.sync(() => cooperating++),
          () => work,
          () => Effect.sync(() => cooperating--),
        ),
      interrupting: <A, E, R>(work: Effect.Effect<A, E, R>) =>
        Effect.suspend(() => {
          const inner = service();
          const cut = Effect.suspend(() =>
            inner.isCooperating() ? Effect.never : Effect.fail(new Interrupted({})),
          );
          const own = Effect.provideService(work, Stop, inner.stop) as Effect.Effect<A, E, R>;
          return Effect.raceFirst(own, Effect.andThen(Deferred.await(asked), cut));
        }),
      check: (stage) =>
        Effect.andThen(
          breathe,
          Effect.suspend(() => (requested ? Effect.fail(new Interrupted({ stage })) : Effect.void)),
        ),
    });
    return { stop, isCooperating: () => cooperating > 0 };
  };
  return Effect.succeed(service().stop);
}

/** One turn of the event loop, so that signals and timers get their say between synchronous steps. */
export const breathe: Effect.Effect<void> = Effect.callback((resume) => {
  setImmediate(() => resume(Effect.void));
});

function listen(stop: Stop["Service"]) {
  const onSignal = () => {
    if (stop.requested()) process.exit(130);
    process.stderr.write("stopping: saving a checkpoint (press Ctrl-C again to stop at once)\n");
    Effect.runSync(stop.request);
  };
  return Effect.acquireRelease(
    Effect.sync(() => {
      process.on("SIGINT", onSignal);
      process.on("SIGTERM", onSignal);
    }),
    () =>
      Effect.sync(() => {
        process.off("SIGINT", onSignal);
        process.off("SIGTERM", onSignal);
      }),
  );
}
