import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { gradients } from "../../src/tensor/gradient.ts";
import { disposeParameters, makeParameters } from "../../src/tensor/parameters.ts";
import { onEngines } from "../support/engines.ts";

const arrays = new Map([
  ["a", { shape: [2], data: Float32Array.of(1, 2) }],
  ["b", { shape: [2], data: Float32Array.of(3, 4) }],
  ["unused", { shape: [2], data: Float32Array.of(5, 6) }],
]);

onEngines(["tensorflow-cpu", "wasm"], () => {
  it("gives loss and gradients by name and leaves out what takes no part", () => {
    const parameters = makeParameters(arrays);
    const product = () => tf.sum(tf.mul(parameters.get("a")!, parameters.get("b")!)) as tf.Scalar;
    const { loss, byName } = gradients(product, parameters);
    expect(loss).toBe(11);
    expect([...byName.keys()].sort()).toEqual(["a", "b"]);
    expect([...byName.get("a")!.dataSync()]).toEqual([3, 4]);
    expect([...byName.get("b")!.dataSync()]).toEqual([1, 2]);
    tf.dispose([...byName.values()]);
    disposeParameters(parameters);
  });

  it("differentiates with respect to the chosen parameters only", () => {
    const parameters = makeParameters(arrays);
    const product = () => tf.sum(tf.mul(parameters.get("a")!, parameters.get("b")!)) as tf.Scalar;
    const { byName } = gradients(product, new Map([["b", parameters.get("b")!]]));
    expect([...byName.keys()]).toEqual(["b"]);
    tf.dispose([...byName.values()]);
    disposeParameters(parameters);
  });

  it("leaves nothing behind when the loss throws half-way, and works afterwards", () => {
    const parameters = makeParameters(arrays);
    const product = () => tf.sum(tf.mul(parameters.get("a")!, parameters.get("b")!)) as tf.Scalar;
    const before = tf.memory().numTensors;
    const broken = () => {
      tf.exp(tf.matMul(tf.ones([2, 2]), tf.reshape(parameters.get("a")!, [2, 1])));
      product();
      throw new RangeError("Array buffer allocation failed");
    };
    expect(() => gradients(broken, parameters)).toThrow("Array buffer allocation failed");
    expect(tf.memory().numTensors).toBe(before);
    const { loss, byName } = gradients(product, parameters);
    expect(loss).toBe(11);
    tf.dispose([...byName.values()]);
    disposeParameters(parameters);
  });
});
