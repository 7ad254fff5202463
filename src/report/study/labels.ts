/** Where the numbers of arms stand in a chart so that none covers another. Report layer. */

/** A place in pixels. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Size of a number with some air, pixels. */
const [wide, high] = [15, 13];

/** Ways from a point to its label, the dearest first; pixels. */
const ways: ReadonlyArray<Spot> = [15, 27, 40].flatMap((far) =>
  [0, 180, 270, 90, 315, 45, 225, 135].map((degrees) => ({
    x: Math.round(far * Math.cos((degrees * Math.PI) / 180)),
    y: Math.round(far * Math.sin((degrees * Math.PI) / 180)),
  })),
);

/** For each point the way to its label: away from all points and from the labels before it. */
export function placeLabels(points: ReadonlyArray<Spot>): ReadonlyArray<Spot> {
  const taken: Array<Spot> = [...points];
  return points.map(({ x, y }) => {
    const free = ways.find((way) =>
      taken.every(
        (other) => Math.abs(other.x - x - way.x) >= wide || Math.abs(other.y - y - way.y) >= high,
      ),
    );
    const way = free ?? ways[0]!;
    taken.push({ x: x + way.x, y: y + way.y });
    return way;
  });
}

/** Heights pushed apart to `high` pixels at least, as near to where they were as can be. */
export function spreadHeights(heights: ReadonlyArray<number>): ReadonlyArray<number> {
  const order = heights.map((_, at) => at).sort((a, b) => heights[a]! - heights[b]!);
  const placed = [...heights];
  // Neighbours that touch share the room around their middle.
  for (let round = 0; round < 200; round++) {
    let moved = false;
    for (let at = 1; at < order.length; at++) {
      const [upper, lower] = [order[at - 1]!, order[at]!];
      const lack = high - (placed[lower]! - placed[upper]!);
      if (lack <= 0.01) continue;
      placed[upper] = placed[upper]! - lack / 2;
      placed[lower] = placed[lower]! + lack / 2;
      moved = true;
    }
    if (!moved) break;
  }
  return placed;
}
