/** Memory permits: how many GiB the stages running at one time may hold together. Serves the runtime layer. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Semaphore from "effect/Semaphore";
import { ResourceTooSmall } from "./errors.ts";

/** Permits are counted in MiB so that fractions of a GiB can be asked for. */
const perGib = 1024;

/** The memory of one device, lent out in GiB. */
export class Resources extends Context.Service<
  Resources,
  {
    readonly capacityGib: number;
    /** Waits until `gib` are free, then runs `work` holding them. Fails: `ResourceTooSmall` when they can never be. */
    readonly use: (
      gib: number,
    ) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | ResourceTooSmall, R>;
    /** Keys whose work was done by this process. */
    readonly made: Set<string>;
    /** Waits until no other work of this process under `key` goes on, then runs `work`. */
    readonly alone: (
      key: string,
    ) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
  }
>()("rcpa/runtime/Resources") {
  static readonly layer = (capacityGib: number) =>
    Layer.effect(
      Resources,
      Effect.map(Semaphore.make(Math.floor(capacityGib * perGib)), (permits) =>
        Resources.of({
          capacityGib,
          use: (gib) => (work) =>
            gib > capacityGib
              ? Effect.fail(new ResourceTooSmall({ neededGib: gib, capacityGib }))
              : permits.withPermits(Math.ceil(gib * perGib))(work),
          made: new Set(),
          alone: turns(),
        }),
      ),
    );
}

/** One turn at a time for each key. */
function turns(): Resources["Service"]["alone"] {
  const byKey = new Map<string, Semaphore.Semaphore>();
  return (key) => (work) =>
    Effect.suspend(() => {
      const turn = byKey.get(key) ?? Semaphore.makeUnsafe(1);
      byKey.set(key, turn);
      return turn.withPermit(work);
    });
}
