/** How many responses are computed at once, and what happens when memory runs out. Serves all training stages. */
import * as Effect from "effect/Effect";
import { OutOfMemory, type RuntimeFailure, type StageError } from "../runtime/errors.ts";
import { outOfMemory } from "../runtime/out-of-memory.ts";
import { scoped } from "../tensor/memory.ts";
import { attempt } from "./failure.ts";

/** Shrinks while a stage runs; the step's batch stays what it is. */
export interface MicroBatch {
  /** Responses in a whole batch. */
  readonly whole: number;
  /** Responses at once; infinite: all, in one pass. */
  rows: number;
}

/** Everything at once, whatever the batch. */
export const undivided: MicroBatch = {
  whole: Number.POSITIVE_INFINITY,
  rows: Number.POSITIVE_INFINITY,
};

/** A stage's micro-batch at its start: as its author says, halved for each time that memory ran out before. */
export function microBatchOf(chosen: number | null, whole: number, halvings: number): MicroBatch {
  const rows = chosen ?? Number.POSITIVE_INFINITY;
  if (halvings === 0) return { whole, rows };
  return { whole, rows: Math.max(1, Math.floor(Math.min(rows, whole) / 2 ** halvings)) };
}

/**
 * Runs one step, which may throw; when memory runs out, takes it again with half the micro-batch.
 *
 * The step must have changed nothing that lasts when it runs out, or throw `OutOfMemory` itself: then
 * only a checkpoint helps, and the failure is passed on. All tensors of a failed try are released.
 * Fails: `OutOfMemory`, final when a single response is too much; tagged errors of the step.
 */
export const withinMemory = Effect.fnUntraced(function* <A>(
  micro: MicroBatch,
  say: (text: string) => Effect.Effect<void, RuntimeFailure>,
  step: () => A,
): Effect.fn.Return<A, StageError> {
  for (;;) {
    const tried = yield* attempt(() => trial(step));
    if (!("lack" in tried)) return tried.value;
    const { detail } = tried.lack;
    const before = Math.min(micro.rows, micro.whole);
    if (before <= 1) return yield* new OutOfMemory({ detail, final: true });
    micro.rows = Math.floor(before / 2);
    yield* say(
      `out of memory (${detail}): the step is taken again with ${micro.rows} of ${micro.whole} ` +
        `responses at once instead of ${before}; its batch stays the same`,
    );
  }
});

function trial<A>(step: () => A): { readonly value: A } | { readonly lack: OutOfMemory } {
  try {
    let value: A | undefined;
    scoped(() => {
      value = step();
    });
    return { value: value as A };
  } catch (error) {
    const lack = error instanceof OutOfMemory ? undefined : outOfMemory(error);
    if (lack === undefined) throw error;
    return { lack };
  }
}
