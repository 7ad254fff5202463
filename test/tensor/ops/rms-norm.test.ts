import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { rmsNorm } from "../../../src/tensor/ops/rms-norm.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, values } from "../../support/gradient-check.ts";

const EPSILON = 1e-2;

function plain(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const root = tf.sqrt(tf.add(tf.mean(tf.square(x), -1, true), EPSILON));
  return tf.mul(tf.div(x, root), weight);
}

onEngines(everyEngine, () => {
  it("normalises and differentiates as the plain composition does", () => {
    expectGradients({
      op: (x, weight) => rmsNorm(x as tf.Tensor2D, weight as tf.Tensor1D, EPSILON),
      plain: (x, weight) => plain(x!, weight!),
      inputs: [normal("x", [4, 6]), normal("weight", [6])],
    });
  });

  it("gives rows of zeros for rows of zeros", () => {
    const zeros = values(() => rmsNorm(tf.zeros([2, 3]), tf.ones([3]), 1e-6));
    expect(zeros).toEqual(new Float32Array(6));
  });
});
