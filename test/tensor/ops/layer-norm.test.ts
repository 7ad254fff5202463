import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { layerNorm } from "../../../src/tensor/ops/layer-norm.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, values } from "../../support/gradient-check.ts";

const EPSILON = 1e-2;

function plain(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), EPSILON));
  return tf.add(tf.mul(tf.div(centred, deviation), weight), bias);
}

onEngines(everyEngine, () => {
  it("normalises and differentiates as the plain composition does", () => {
    expectGradients({
      op: (x, weight, bias) =>
        layerNorm(x as tf.Tensor2D, weight as tf.Tensor1D, bias as tf.Tensor1D, EPSILON),
      plain: (x, weight, bias) => plain(x!, weight!, bias!),
      inputs: [normal("x", [4, 6]), normal("weight", [6]), normal("bias", [6])],
    });
  });

  it("gives the bias for rows of one value", () => {
    const level = values(() =>
      layerNorm(tf.fill([2, 3], 7), tf.ones([3]), tf.tensor1d([1, 2, 3]), 1e-6),
    );
    expect([...level]).toEqual([1, 2, 3, 1, 2, 3]);
  });
});
