/** Problems for benchmarks: a triangle on white, 84 × 84 pixels, and one question. The Python sides draw the same kind. */
import type { Raster } from "../src/core/raster.ts";
import type { RandomStream } from "../src/core/seed.ts";
import type { Example } from "../src/data/example.ts";

const SIDE = 84;

/** A problem with a new picture. */
export function madeProblem(id: string, random: RandomStream): Example {
  return {
    ...{ id, family: "triangle", question: "What is the angle at C?" },
    image: triangle(() => random.integer(SIDE)),
    answer: `${random.integer(180)}`,
  };
}

/** White, with the black outline of a triangle. */
function triangle(coordinate: () => number): Raster {
  const data = new Uint8Array(SIDE * SIDE * 3).fill(255);
  const corners = Array.from({ length: 3 }, () => [coordinate(), coordinate()] as const);
  corners.forEach(([x, y], at) => {
    const [toX, toY] = corners[(at + 1) % 3]!;
    for (let i = 0; i <= SIDE; i++) {
      const column = Math.round(x + ((toX - x) * i) / SIDE);
      const row = Math.round(y + ((toY - y) * i) / SIDE);
      data.fill(0, (row * SIDE + column) * 3, (row * SIDE + column) * 3 + 3);
    }
  });
  return { width: SIDE, height: SIDE, data };
}
