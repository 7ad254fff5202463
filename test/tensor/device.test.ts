import { describe, expect, it } from "vitest";
import { parseNvidia, peakMemoryBytes, processor } from "../../src/tensor/device.ts";

describe("parseNvidia", () => {
  it("reads the last GPU, the one TensorFlow's binding takes", () => {
    const csv = "NVIDIA T4, 15360, 15000\nNVIDIA H100 80GB HBM3, 81920, 40960\n";
    expect(parseNvidia(csv)).toEqual({
      name: "NVIDIA H100 80GB HBM3",
      totalGiB: 80,
      freeGiB: 40,
    });
  });

  it("gives nothing for an empty list and for words instead of numbers", () => {
    expect(parseNvidia("")).toBe(undefined);
    expect(parseNvidia("No devices were found")).toBe(undefined);
    expect(parseNvidia("GPU, [N/A], [N/A]")).toBe(undefined);
  });
});

describe("processor", () => {
  it("has a name and no more free memory than memory", () => {
    const device = processor();
    expect(device.name).toMatch(/\(\d+ cores?\)$/);
    expect(device.freeGiB).toBeGreaterThan(0);
    expect(device.freeGiB).toBeLessThanOrEqual(device.totalGiB);
  });
});

describe("peakMemoryBytes", () => {
  it("grows by what the process touches and does not shrink", () => {
    const before = peakMemoryBytes();
    expect(before).toBeGreaterThan(1024 ** 2);
    const touched = Buffer.alloc(process.memoryUsage().rss + 64 * 1024 ** 2, 1);
    const during = peakMemoryBytes();
    expect(during).toBeGreaterThanOrEqual(touched.length);
    expect(peakMemoryBytes()).toBeGreaterThanOrEqual(during);
  });
});
