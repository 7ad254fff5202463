import { describe, expect, it } from "vitest";
import { lineThrough, secondsOf, secondsOn } from "../../src/tensor/calibrate.ts";

describe("lineThrough", () => {
  it("goes through both points", () => {
    const line = lineThrough({ flops: 10, seconds: 2 }, { flops: 30, seconds: 3 });
    expect(line).toEqual({ fixed: 1.5, perFlop: 0.05 });
    expect(secondsOn(line, 50)).toBe(4);
  });

  it.each([
    ["one point", { flops: 10, seconds: 2 }, undefined, 0.2],
    ["a falling line", { flops: 10, seconds: 2 }, { flops: 20, seconds: 1 }, 0.05],
    ["a start below zero", { flops: 10, seconds: 1 }, { flops: 20, seconds: 4 }, 0.2],
  ])("goes through the origin for %s", (_, small, large, perFlop) => {
    expect(lineThrough(small, large)).toEqual({ fixed: 0, perFlop });
  });
});

describe("secondsOf", () => {
  it("runs the work once to warm up and then as often as asked", () => {
    let runs = 0;
    const seconds = secondsOf(() => runs++, { times: 3, within: 60, onProcessor: true });
    expect(runs).toBe(4);
    expect(seconds).toBeGreaterThanOrEqual(0);
  });

  it("runs it once more at least, and not even that when it is slow", () => {
    const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    let runs = 0;
    const work = () => {
      runs++;
      wait();
    };
    secondsOf(work, { times: 3, within: 0.01, onProcessor: true });
    expect(runs).toBe(2);
    secondsOf(work, { times: 3, within: 0.005, onProcessor: false });
    expect(runs).toBe(3);
  });

  it("does not count on the processor what the process spends waiting", () => {
    const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    const [worked, passed] = [true, false].map((onProcessor) =>
      secondsOf(wait, { times: 1, within: 60, onProcessor }),
    );
    expect(passed).toBeGreaterThanOrEqual(0.059);
    expect(worked).toBeLessThan(0.03);
  });
});
