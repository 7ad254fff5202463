import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import {
  linear,
  matMulTransposedLeft,
  matMulTransposedRight,
} from "../../../src/tensor/ops/linear.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, type Op, upload, values } from "../../support/gradient-check.ts";

onEngines(everyEngine, () => {
  it("multiplies and differentiates as matMul does", () => {
    expectGradients({
      op: linear as Op,
      plain: (x, weight) => tf.matMul(x!, weight!),
      inputs: [normal("x", [5, 3]), normal("weight", [3, 4])],
    });
  });

  it("adds a bias", () => {
    expectGradients({
      op: linear as Op,
      plain: (x, weight, bias) => tf.add(tf.matMul(x!, weight!), bias!),
      inputs: [normal("x", [5, 3]), normal("weight", [3, 4]), normal("bias", [4])],
    });
  });

  it("takes a single row", () => {
    expectGradients({
      op: linear as Op,
      plain: (x, weight, bias) => tf.add(tf.matMul(x!, weight!), bias!),
      inputs: [normal("x", [1, 3]), normal("weight", [3, 4]), normal("bias", [4])],
    });
  });

  it.each([
    { rank: 2, left: [3, 4], right: [5, 4] },
    { rank: 4, left: [2, 3, 4, 2], right: [2, 3, 5, 2] },
  ])("multiplies by a transposed matrix of rank $rank", ({ left, right }) => {
    const [a, b] = [normal("a", left), normal("b", right)];
    const swap = (x: tf.Tensor) => {
      const axes = x.shape.map((_, axis) => axis);
      return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
    };
    const product = values(() => matMulTransposedRight(upload(a), upload(b)));
    expectAllClose(
      product,
      values(() => tf.matMul(upload(a), swap(upload(b)))),
      1e-5,
    );
    const other = values(() => matMulTransposedLeft(swap(upload(a)), swap(upload(b))));
    expectAllClose(other, product, 1e-5);
  });
});
