/** Who attends a run: hears its events and closes when it has ended, however it ended. Serves the runtime layer. */
import * as Effect from "effect/Effect";
import type { Event } from "./events.ts";

/** One attendance of one run. */
export interface Observer {
  /** Hears each event after those before it. Must not throw. */
  readonly hear?: (event: Event) => void;
  /** Called once, when nothing more is written into the run's folder. Must not reject. */
  readonly close?: () => Promise<void>;
}

/** Told the run's folder before its first event. */
export type Attend = (runDir: string) => Observer;

/** Lets all attend the run in `runDir` until the scope closes. */
export const attend = (invited: ReadonlyArray<Attend>, runDir: string) =>
  Effect.acquireRelease(
    Effect.sync(() => invited.map((one) => one(runDir))),
    (observers) =>
      Effect.promise(async () => {
        for (const observer of observers) await observer.close?.();
      }),
  );
