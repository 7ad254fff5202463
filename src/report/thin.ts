/** Fewer points that look the same: long runs keep their peaks. Report layer. */

/** A value at a step. */
export interface Point {
  readonly step: number;
  readonly value: number;
}

/**
 * At most about `limit` points: of each stretch of steps the least and the greatest value, in their order.
 */
export function thin(points: ReadonlyArray<Point>, limit: number): ReadonlyArray<Point> {
  if (points.length <= limit) return points;
  const size = Math.ceil((2 * points.length) / limit);
  const kept: Array<Point> = [];
  for (let first = 0; first < points.length; first += size) {
    const part = points.slice(first, first + size);
    const least = part.reduce((a, b) => (b.value < a.value ? b : a));
    const greatest = part.reduce((a, b) => (b.value > a.value ? b : a));
    kept.push(...(least.step <= greatest.step ? [least, greatest] : [greatest, least]));
  }
  return kept.filter((point, at) => at === 0 || point !== kept[at - 1]);
}

/** Mean over `width` neighbouring points, fewer at the ends. */
export function smooth(points: ReadonlyArray<Point>, width: number): ReadonlyArray<Point> {
  const half = Math.floor(width / 2);
  const sums = [0];
  for (const { value } of points) sums.push(sums.at(-1)! + value);
  return points.map(({ step }, at) => {
    const [first, last] = [Math.max(0, at - half), Math.min(points.length, at + half + 1)];
    return { step, value: (sums[last]! - sums[first]!) / (last - first) };
  });
}
