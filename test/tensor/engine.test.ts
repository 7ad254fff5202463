import * as tf from "@tensorflow/tfjs-core";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import type { EngineName } from "../../src/tensor/engine.ts";
import { Engine, EngineUnavailable, engineNames, layer, start } from "../../src/tensor/engine.ts";
import { readManifest } from "../../src/tensor/install/layout.mjs";
import { shimNodeUtil } from "../../src/tensor/native-tensorflow.ts";
import { temporaryFolder } from "../support/folder.ts";

const backends: { readonly [name in EngineName]: string } = {
  "tensorflow-gpu": "tensorflow",
  "tensorflow-cpu": "tensorflow",
  wasm: "wasm",
  cpu: "cpu",
};

/** d/dx Σ(x²) = 2x, through the engine in place. */
function gradientOfSquares(): ReadonlyArray<number> {
  return tf.tidy(() => {
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.square(x)));
    return [...gradient(tf.tensor1d([1, -2, 3])).dataSync()];
  });
}

async function startsByName(name: EngineName) {
  const info = await Effect.runPromise(start(name));
  expect(info).toMatchObject({ name, passedOver: [] });
  expect(tf.getBackend()).toBe(backends[name]);
  expect(info.version).toMatch(/\d+\.\d+\.\d+/);
  expect(info.threads).toBeGreaterThanOrEqual(1);
  expect(info.freeMemoryGiB).toBeLessThanOrEqual(info.memoryGiB);
  const tensors = tf.memory().numTensors;
  expect(gradientOfSquares()).toEqual([2, -4, 6]);
  expect(tf.memory().numTensors).toBe(tensors);
}

async function startWithout(cache: string, request: string) {
  const before = process.env.RCPA_CACHE;
  process.env.RCPA_CACHE = cache;
  try {
    return await Effect.runPromise(Effect.result(start(request)));
  } finally {
    if (before === undefined) delete process.env.RCPA_CACHE;
    else process.env.RCPA_CACHE = before;
  }
}

describe("start", () => {
  const native = readManifest("cpu") !== null;

  it.skipIf(!native)("starts tensorflow-cpu by name", () => startsByName("tensorflow-cpu"));
  it("starts wasm by name", () => startsByName("wasm"));
  it("starts cpu by name", () => startsByName("cpu"));

  it("auto takes the first that can be had and gives a reason for each before it", async () => {
    const info = await Effect.runPromise(start("auto"));
    const better = engineNames.slice(0, engineNames.indexOf(info.name));
    expect(info.passedOver.map(({ name }) => name)).toEqual(better);
    for (const { reason } of info.passedOver) expect(reason).not.toBe("");
    if (native) expect(better.length).toBeLessThanOrEqual(1);
  });

  it("auto falls to wasm with an empty cache and says how to get the native library", async () => {
    const result = await startWithout(temporaryFolder(), "auto");
    if (result._tag === "Failure") throw result.failure;
    expect(result.success.name).toBe("wasm");
    const passedOver = result.success.passedOver.find(({ name }) => name === "tensorflow-cpu")!;
    expect(passedOver.reason).toMatch(/not in the cache .*run `npx rcpa engine install`/);
  });

  it("fails for a named engine that cannot be had instead of taking another", async () => {
    const result = await startWithout(temporaryFolder(), "tensorflow-cpu");
    expect(result._tag).toBe("Failure");
    if (result._tag === "Success") return;
    expect(result.failure).toBeInstanceOf(EngineUnavailable);
    expect(result.failure.message).toMatch(/^engine "tensorflow-cpu" cannot be had: library not/);
    expect(result.failure.hint).toContain("--engine auto");
  });

  it("names the engines there are when asked for one that there is not", async () => {
    const failure = await Effect.runPromise(Effect.flip(start("webgl")));
    expect(failure.engine).toBe("webgl");
    for (const name of engineNames) expect(failure.message).toContain(name);
  });
});

describe("layer", () => {
  it("provides the started engine", async () => {
    const name = Effect.map(Engine, (engine) => engine.name);
    expect(await Effect.runPromise(Effect.provide(name, layer("cpu")))).toBe("cpu");
  });
});

describe("shimNodeUtil", () => {
  it("gives tfjs-node the functions that newer Node versions lack", async () => {
    shimNodeUtil();
    const util = (await import("node:util")).default as unknown as {
      readonly isNullOrUndefined: (value: unknown) => boolean;
      readonly isArray: (value: unknown) => boolean;
    };
    expect([null, undefined, 0, ""].map(util.isNullOrUndefined)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([[], {}].map(util.isArray)).toEqual([true, false]);
  });
});
