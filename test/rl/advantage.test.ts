import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { DEFAULT_ADVANTAGE, groupRelative } from "../../src/rl/advantage.ts";

const options = { ...DEFAULT_ADVANTAGE, group: 4 };
const rewards = Float32Array.of(0, 1, 1, 0, 0.1, 0.1, 0.1, 0.1, 1, 0, 0, 0);

describe("groupRelative", () => {
  it("divides the distance from the group mean by the sample deviation", () => {
    const { advantages } = groupRelative(rewards, options);
    const deviation = Math.sqrt(4 * 0.25) / Math.sqrt(3);
    expect(advantages[1]).toBeCloseTo(0.5 / (deviation + 1e-4), 6);
    expect(advantages[0]).toBeCloseTo(-0.5 / (deviation + 1e-4), 6);
  });

  it("flags groups of equal rewards, and gives them exactly no advantage", () => {
    const { advantages, zeroSpread } = groupRelative(rewards, options);
    expect([...zeroSpread]).toEqual([0, 1, 0]);
    expect([...advantages.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
  });

  it("compares rewards rather than a float deviation", () => {
    const tiny = Float32Array.of(0.1, 0.1, 0.1, 0.1 + 1e-7);
    expect(groupRelative(tiny, options).zeroSpread[0]).toBe(0);
  });

  it("does not scale with `none` and scales alike in all groups with `batch`", () => {
    const none = groupRelative(rewards, { ...options, scale: "none" }).advantages;
    const batch = groupRelative(rewards, { ...options, scale: "batch" }).advantages;
    expect([...none.subarray(0, 4)]).toEqual([-0.5, 0.5, 0.5, -0.5]);
    expect([...none.subarray(8)]).toEqual([0.75, -0.25, -0.25, -0.25]);
    for (const i of [0, 1, 8, 9]) expect(none[i]! / batch[i]!).toBeCloseTo(none[0]! / batch[0]!, 5);
  });

  it("leaves unscorable samples out of the baseline", () => {
    const { advantages } = groupRelative(Float32Array.of(Number.NaN, 1, 0, 0.5), {
      ...options,
      scale: "none",
    });
    expect([...advantages]).toEqual([0, 0.5, -0.5, 0]);
    const unscored = groupRelative(new Float32Array(4).fill(Number.NaN), options);
    expect([...unscored.advantages, ...unscored.zeroSpread]).toEqual([0, 0, 0, 0, 1]);
  });

  it("follows a permutation within the group, for every scale", () => {
    const random = stream(1, "advantage");
    for (const scale of ["group", "batch", "none"] as const) {
      for (let trial = 0; trial < 50; trial++) {
        const values = Float32Array.from({ length: 12 }, () => random.integer(4) / 3);
        const order = [0, 1, 2].flatMap((g) => random.shuffle([0, 1, 2, 3].map((i) => 4 * g + i)));
        const plain = groupRelative(values, { ...options, scale }).advantages;
        const permuted = groupRelative(
          Float32Array.from(order, (i) => values[i]!),
          { ...options, scale },
        ).advantages;
        order.forEach((from, to) => {
          expect(permuted[to]).toBeCloseTo(plain[from]!, 5);
        });
      }
    }
  });

  it("sums to nothing in every group", () => {
    const random = stream(2, "advantage");
    const values = Float32Array.from({ length: 40 }, random.uniform);
    const { advantages } = groupRelative(values, options);
    for (let start = 0; start < 40; start += 4) {
      const sum = advantages.subarray(start, start + 4).reduce((a, b) => a + b, 0);
      expect(Math.abs(sum)).toBeLessThan(1e-5);
    }
  });

  it("refuses broken groups", () => {
    expect(() => groupRelative(new Float32Array(5), options)).toThrow(RangeError);
  });
});
