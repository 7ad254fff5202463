import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { customGrad } from "../../../src/tensor/ops/custom-grad.ts";
import { onEngines } from "../../support/engines.ts";

/** Tensors that are there when the gradient has passed an operation with so many intermediates. */
function tensorsAfter(intermediates: number): number {
  let seen = 0;
  const first = customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy) => {
      seen = tf.memory().numTensors;
      return tf.clone(dy as tf.Tensor);
    },
  }));
  const second = customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy) => {
      let result = dy as tf.Tensor;
      for (let i = 0; i < intermediates; i++) result = tf.add(result, 1);
      return result;
    },
  }));
  tf.tidy(() =>
    tf
      .grad((x) => tf.sum(second(first(x))))(tf.ones([4]))
      .dataSync(),
  );
  return seen;
}

onEngines(["tensorflow-cpu", "wasm", "cpu"], () => {
  it("releases a gradient's intermediates before the pass goes on", () => {
    expect(tensorsAfter(20)).toBe(tensorsAfter(1));
  });

  it("gives the gradient it was told", () => {
    const op = customGrad((x, save) => {
      (save as tf.GradSaveFunc)([x as tf.Tensor]);
      return {
        value: tf.square(x as tf.Tensor),
        gradFunc: (dy, saved) => tf.mul(tf.mul(saved[0]!, 2), dy as tf.Tensor),
      };
    });
    const gradient = tf.tidy(() =>
      Array.from(
        tf
          .grad((x) => tf.sum(op(x)))(tf.tensor1d([1, -3]))
          .dataSync(),
      ),
    );
    expect(gradient).toEqual([2, -6]);
  });
});
