/** Declared limits of a run and the values each may have. Serves the definition layer. */
import type { Issue } from "./issue.ts";

/**
 * Declared limits of a run; one that is not met ends it with exit code 3. None set: no limits.
 *
 * `maxHours` and `maxMemoryGiB` also end a run early, after a checkpoint; with a larger budget the
 * same command goes on from there.
 */
export interface Budgets {
  /** Least general accuracy after / before; share, from 0 to 2. */
  readonly retention?: number;
  /** Least domain accuracy after − before; share, from −1 to 1. */
  readonly minDomainGain?: number;
  /** Longest run, counted from its start (a resumed run counts anew); hours of wall time. */
  readonly maxHours?: number;
  /** Most memory held at once: the process's on a processor, that of tensors on a GPU; GiB. */
  readonly maxMemoryGiB?: number;
}

const ranges: Readonly<Record<keyof Budgets, readonly [least: number, most: number]>> = {
  retention: [0, 2],
  minDomainGain: [-1, 1],
  maxHours: [0, 1e5],
  maxMemoryGiB: [0, 1e5],
};

/** What is wrong with the budgets of the pipeline `name`. */
export function budgetIssues(name: string, budgets: Budgets): ReadonlyArray<Issue> {
  return Object.entries(budgets).flatMap(([budget, value]): ReadonlyArray<Issue> => {
    const path = `${name}.budgets.${budget}`;
    if (!Object.hasOwn(ranges, budget)) {
      const hint = `budgets: ${Object.keys(ranges).join(", ")}`;
      return [{ code: "InvalidSetting", path, message: "unknown budget", hint }];
    }
    const [least, most] = ranges[budget as keyof Budgets];
    if (typeof value === "number" && value >= least && value <= most) return [];
    const message = `expected a number from ${least} to ${most}, got ${value}`;
    return [{ code: "InvalidSetting", path, message }];
  });
}
