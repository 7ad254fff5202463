import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { hostLoss } from "../../../src/tensor/ops/host-loss.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal } from "../../support/gradient-check.ts";

/** Σ sin(x), with its gradient. */
function sines(x: Float32Array) {
  return { loss: x.reduce((sum, value) => sum + Math.sin(value), 0), gradient: x.map(Math.cos) };
}

onEngines(everyEngine, () => {
  it("carries a host loss and its gradient through the tape", () => {
    expectGradients({
      op: (x) => tf.mul(hostLoss(tf.mul(x!, 2), sines), 3),
      plain: (x) => tf.mul(tf.sum(tf.sin(tf.mul(x!, 2))), 3),
      inputs: [normal("x", [2, 3])],
    });
  });

  it("calls the loss once, with the values in order", () => {
    const calls: Array<ReadonlyArray<number>> = [];
    const x = tf.tensor1d([1, 2, 3]);
    const gradient = tf.grad((input: tf.Tensor) =>
      hostLoss(input, (values) => {
        calls.push([...values]);
        return { loss: 0, gradient: Float32Array.of(4, 5, 6) };
      }),
    )(x);
    expect([...gradient.dataSync()]).toEqual([4, 5, 6]);
    expect(calls).toEqual([[1, 2, 3]]);
    tf.dispose([x, gradient]);
  });
});
