import { describe, expect, it } from "vitest";
import { capacityGib, memoryGauge, permitsOf } from "../../src/cli/device-memory.ts";
import { data, evaluate, grpo, model, pipeline } from "../../src/index.ts";
import type { EngineInfo } from "../../src/tensor/engine.ts";
import { planIn, temporaryDir } from "../support/runtime.ts";

const gpu: EngineInfo = {
  name: "tensorflow-gpu",
  library: "l",
  version: "1",
  device: "d",
  threads: 1,
  memoryGiB: 80,
  freeMemoryGiB: 78,
  passedOver: [],
};

describe("permits", () => {
  const permits = async (microBatch: number | null, capacity = 1000) => {
    const value = pipeline("p").pipe(model(), data(), grpo({ microBatch }), evaluate());
    return permitsOf(await planIn(temporaryDir(), value), [], capacity);
  };

  it("are what each stage is expected to hold", async () => {
    const [folder, examples, training, evaluation] = await permits(null);
    expect([folder, examples]).toEqual([0, 0]);
    expect(training).toBeGreaterThan(0.1);
    expect(evaluation).toBeGreaterThan(0.001);
  });

  it("are never more than the device has", async () => {
    expect((await permits(null, 0.01)).slice(2)).toEqual([0.01, 0.01]);
  });

  it("lend all of the device that computes", () => {
    expect(capacityGib(gpu)).toBe(80);
    expect(capacityGib(undefined)).toBeGreaterThan(0.1);
  });
});

describe("memoryGauge", () => {
  it("reads the most that a GPU had in use since the start, asking the driver now and then", () => {
    const free = [76, 60, 70];
    let [looks, seconds] = [0, 0];
    const look = () => ({ name: "gpu", totalGiB: 80, freeGiB: free[looks++]! });
    const gauge = memoryGauge(gpu, look, () => seconds * 1000)!;
    const readings = [0, 10, 29, 31, 62].map((now) => {
      seconds = now;
      return gauge();
    });
    expect(readings).toEqual([2, 2, 2, 18, 18]);
    expect(looks).toBe(3);
  });

  it("keeps what it knows when the driver does not answer, and is not there without a GPU", () => {
    const mute = memoryGauge(gpu, () => ({ reason: "nvidia-smi failed" }))!;
    expect(mute()).toBe(0);
    expect(memoryGauge({ ...gpu, name: "tensorflow-cpu" })).toBeUndefined();
    expect(memoryGauge(undefined)).toBeUndefined();
  });
});
