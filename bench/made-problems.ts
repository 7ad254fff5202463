/** Problems for benchmarks: a triangle on white, 84 × 84 pixels unless asked otherwise, and one question. The Python sides draw the same kind. */
import type { Raster } from "../src/core/raster.ts";
import type { RandomStream } from "../src/core/seed.ts";
import type { Example } from "../src/data/example.ts";

const SIDE = 84;

/** A problem with a new picture of `side` × `side` pixels. */
export function madeProblem(id: string, random: RandomStream, side = SIDE): Example {
  return {
    ...{ id, family: "triangle", question: "What is the angle at C?" },
    image: triangle(side, () => random.integer(side)),
    answer: `${random.integer(180)}`,
  };
}

/** White, with the black outline of a triangle. */
function triangle(side: number, coordinate: () => number): Raster {
  const data = new Uint8Array(side * side * 3).fill(255);
  const corners = Array.from({ length: 3 }, () => [coordinate(), coordinate()] as const);
  corners.forEach(([x, y], at) => {
    const [toX, toY] = corners[(at + 1) % 3]!;
    for (let i = 0; i <= side; i++) {
      const column = Math.round(x + ((toX - x) * i) / side);
      const row = Math.round(y + ((toY - y) * i) / side);
      data.fill(0, (row * side + column) * 3, (row * side + column) * 3 + 3);
    }
  });
  return { width: side, height: side, data };
}
