/** A clock that gives each moment to one part of a run, and handlers that tell it whose moment it is. */
import * as Effect from "effect/Effect";
import type { Handler, LoopSpec, StageContext } from "../src/runtime/handler.ts";

/** `stage` is the work itself: tensors, data, rewards. All else is the runtime's. */
export type Part = "stage" | "loop" | "checkpoint files" | "events" | "stages and store";

export interface Clock {
  /** Gives the time that `work` takes to `part`, save what it hands on in turn. */
  readonly during: <A, E, R>(part: Part, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
  readonly seconds: () => ReadonlyMap<Part, number>;
}

export function makeClock(): Clock {
  const taken = new Map<Part, number>();
  const open: Array<Part> = [];
  let since = performance.now();
  const settle = () => {
    const now = performance.now();
    const part = open.at(-1);
    if (part !== undefined) taken.set(part, (taken.get(part) ?? 0) + (now - since) / 1000);
    since = now;
  };
  const enter = (part: Part) => {
    settle();
    open.push(part);
  };
  const leave = () => {
    settle();
    open.pop();
  };
  return {
    during: (part, work) =>
      Effect.acquireUseRelease(
        Effect.sync(() => enter(part)),
        () => work,
        () => Effect.sync(leave),
      ),
    seconds: () => taken,
  };
}

/** The handler, with the clock told when its own work begins and ends. */
export function timed<R>(handler: Handler<R>, clock: Clock): Handler<R> {
  const run: Handler<R>["run"] = (context) =>
    clock.during("stage", handler.run(watched(context, clock)));
  return { ...handler, run };
}

function watched(
  context: StageContext<unknown, unknown>,
  { during }: Clock,
): StageContext<unknown, unknown> {
  const watchedLoop = <State, E, R>(spec: LoopSpec<State, E, R>): LoopSpec<State, E, R> => ({
    ...spec,
    start: during("stage", spec.start),
    restore: (dir) => during("stage", spec.restore(dir)),
    step: (state, index) => during("stage", spec.step(state, index)),
    save: (state, dir) => during("checkpoint files", spec.save(state, dir)),
  });
  return {
    ...context,
    loop: (spec) => during("loop", context.loop(watchedLoop(spec))),
    progress: (...values) => during("events", context.progress(...values)),
    measure: (metrics) => during("events", context.measure(metrics)),
    note: (text) => during("events", context.note(text)),
  };
}
