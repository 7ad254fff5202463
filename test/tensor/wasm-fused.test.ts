/** Fused kernels in WebAssembly: made of the sources that are here, right while memory moves, whole after a failure. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { hasFused, runFused } from "../../src/tensor/fused.ts";
import { onEngines } from "../support/engines.ts";

const folder = new URL("../../src/tensor/fused/", import.meta.url);

/** Bytes in all of the backend's memory, which grows. */
const heap = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;

describe("fused.wasm", () => {
  it("is made of these sources; else run src/tensor/fused/build-wasm.mjs", async () => {
    const { sourcesHash } = (await import(new URL("wasm-sources.mjs", folder).href)) as {
      sourcesHash: () => string;
    };
    const bytes = readFileSync(new URL("fused.wasm", folder));
    const end = bytes.subarray(bytes.length - 64 - "rcpa.sources".length).toString("latin1");
    expect(end).toBe(`rcpa.sources${sourcesHash()}`);
  });
});

onEngines(["wasm"], () => {
  it("is in use", () => expect(hasFused()).toBe(true));

  const sums = (x: tf.Tensor) => tf.tidy(() => runFused("RcpaSumRows", [x])[0]!.dataSync());

  it("goes on while the heap grows under it", () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    expect([...sums(x)]).toEqual([9, 12]);
    const before = heap();
    const large = tf.ones([2 ** 12, 2 ** 13]);
    expect(heap()).toBeGreaterThan(before);
    expect([...sums(x)]).toEqual([9, 12]);
    expect(sums(large).every((sum) => sum === 2 ** 12)).toBe(true);
    tf.dispose([x, large]);
  });

  it("says what does not fit, and leaves nothing behind", () => {
    const logits = tf.zeros([2, 5]);
    const targets = tf.tensor1d([1, 5], "int32");
    const before = tf.memory().numDataBuffers;
    for (let i = 0; i < 3; i++) {
      expect(() => runFused("RcpaPick", [logits, targets])).toThrow(/outside of the vocabulary/);
    }
    expect(tf.memory().numDataBuffers).toBe(before);
    expect([...sums(logits)]).toEqual([0, 0, 0, 0, 0]);
    tf.dispose([logits, targets]);
  });

  it("works again after memory was gone within a kernel, however often", () => {
    const { wasm } = tf.backend() as unknown as { wasm: { _malloc: (bytes: number) => number } };
    const x = tf.ones([4, 16]);
    const gain = tf.ones([16]);
    const norm = () =>
      tf.tidy(() => [
        ...runFused("RcpaRmsNorm", [x, gain], { numbers: { epsilon: 0 } })[0]!.dataSync(),
      ]);
    const right = norm();
    const allocate = wasm._malloc;
    const before = tf.memory().numDataBuffers;
    for (let i = 0; i < 3; i++) {
      // The second output of the kernel finds no room.
      let calls = 0;
      wasm._malloc = (bytes) => {
        if (++calls === 2) throw new RangeError("wasm out of memory");
        return allocate(bytes);
      };
      try {
        expect(() => norm()).toThrow("wasm out of memory");
      } finally {
        wasm._malloc = allocate;
      }
    }
    expect(tf.memory().numDataBuffers).toBe(before);
    expect(norm()).toEqual(right);
    tf.dispose([x, gain]);
  });
});
