/** Runs of n words, counted. Serves the overlap rewards. Rewards layer. */

/** The words between spaces. */
export const wordsOf = (text: string): ReadonlyArray<string> =>
  text.split(/\s+/).filter((word) => word !== "");

/** How often each run of `n` items occurs, by its items joined with spaces. */
export function countNgrams(
  items: ReadonlyArray<string | number>,
  n: number,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + n <= items.length; start++) {
    const key = items.slice(start, start + n).join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
