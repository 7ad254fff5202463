/** Declared limits of a run and the values each may have. Serves the definition layer. */
import * as Schema from "effect/Schema";
import type { About } from "./option.ts";

/** A limit that does not apply when it is left out. */
const limit = (minimum: number, maximum: number, { doc, unit }: About) =>
  Schema.optionalKey(
    Schema.Finite.check(
      Schema.isBetween(
        { minimum, maximum },
        { expected: `a number from ${minimum} to ${maximum}` },
      ),
    ).annotate({ description: doc, unit, default: undefined }),
  );

/**
 * Declared limits of a run; one that is not met ends it with exit code 3. None set: no limits.
 *
 * `maxHours` and `maxMemoryGiB` also end a run early, after a checkpoint; with a larger budget the
 * same command goes on from there.
 */
export const Budgets = Schema.Struct({
  retention: limit(0, 2, { doc: "Least general accuracy after / before.", unit: "share" }),
  minDomainGain: limit(-1, 1, { doc: "Least domain accuracy after − before.", unit: "share" }),
  maxHours: limit(0, 1e5, {
    doc: "Longest run, counted from its start; a resumed run counts anew.",
    unit: "hours of wall time",
  }),
  maxMemoryGiB: limit(0, 1e5, {
    doc: "Most memory held at once: the process's on a processor, on a GPU what is in use beyond the start's.",
    unit: "GiB",
  }),
});
export type Budgets = typeof Budgets.Type;
