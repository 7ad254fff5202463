/** Which setting of an arm is compared: the best on validation. CLI. */
import type { CandidateMaterial } from "../../report/study/material.ts";

/**
 * The candidate with the highest mean validation accuracy in the domain; of equal ones the first.
 *
 * One that failed with any seed is out, and so is one that keeps less than `keep` of the general accuracy,
 * unless all do. Null while one is missing, or when all have failed.
 */
export function choose(candidates: ReadonlyArray<CandidateMaterial>, keep = 0): number | null {
  if (candidates.length === 1) return 0;
  const open = candidates.some(({ tuning }) => tuning.some(({ state }) => state === "missing"));
  if (open) return null;
  const keeping = ({ accuracy, kept }: CandidateMaterial) =>
    accuracy !== null && kept !== null && kept >= keep;
  const some = candidates.some(keeping);
  return candidates.reduce<number | null>((best, candidate, at) => {
    const { accuracy } = candidate;
    if (accuracy === null || (some && !keeping(candidate))) return best;
    return best === null || accuracy > candidates[best]!.accuracy! ? at : best;
  }, null);
}
