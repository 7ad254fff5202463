import { describe, expect, it } from "vitest";
import { footprint, gib } from "../../src/cli/footprint.ts";

const GiB = 1024 ** 3;

describe("footprint", () => {
  it("is the tensors on a GPU, and the whole process on a processor", () => {
    expect(footprint(3 * GiB, true)).toBe(3 * GiB);
    const [small, large] = [footprint(1 * GiB, false, GiB), footprint(2 * GiB, false, GiB)];
    expect(small).toBeGreaterThan(2 * GiB);
    expect(large - small).toBeGreaterThan(GiB);
  });
});

it("gives bytes in GiB", () => {
  expect([gib(0.5 * GiB), gib(9.99 * GiB), gib(23.7 * GiB)]).toEqual([
    "0.50 GiB",
    "9.99 GiB",
    "24 GiB",
  ]);
});
