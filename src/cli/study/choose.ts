/** Which setting of an arm is compared: the best on validation. CLI. */
import type { CandidateMaterial } from "../../report/study/material.ts";

/**
 * The candidate with the highest mean validation accuracy in the domain; of equal ones the first.
 *
 * One that failed with any seed is out. Null while one is missing, or when all have failed.
 */
export function choose(candidates: ReadonlyArray<CandidateMaterial>): number | null {
  if (candidates.length === 1) return 0;
  const open = candidates.some(({ tuning }) => tuning.some(({ state }) => state === "missing"));
  if (open) return null;
  return candidates.reduce<number | null>((best, { accuracy }, at) => {
    if (accuracy === null) return best;
    return best === null || accuracy > candidates[best]!.accuracy! ? at : best;
  }, null);
}
