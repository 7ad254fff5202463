import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { gelu, quickGelu, swiGlu, tanhGelu } from "../../../src/tensor/ops/activation.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, type Op, values } from "../../support/gradient-check.ts";

onEngines(everyEngine, () => {
  it("gates as silu(gate) · up does", () => {
    expectGradients({
      op: swiGlu as Op,
      plain: (gateUp) => {
        const [gate, up] = tf.split(gateUp!, 2, 1) as [tf.Tensor, tf.Tensor];
        return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
      },
      inputs: [normal("gateUp", [3, 8], 1.5)],
    });
  });

  it("bends as x · Φ(x) does", () => {
    expectGradients({
      op: gelu as Op,
      plain: (x) => tf.mul(tf.mul(x!, 0.5), tf.add(tf.erf(tf.div(x!, Math.SQRT2)), 1)),
      inputs: [normal("x", [4, 5], 1.5)],
    });
  });

  it("knows gelu's values", () => {
    // torch.nn.functional.gelu([-3, -1, 0, 0.5, 2])
    const expected = [-0.00404951, -0.15865526, 0, 0.34573123, 1.9544997];
    expectAllClose(
      values(() => gelu(tf.tensor2d([[-3, -1, 0, 0.5, 2]]))),
      expected,
      1e-5,
    );
  });

  it("bends quickly as x · σ(1.702 x) does", () => {
    expectGradients({
      op: quickGelu as Op,
      plain: (x) => tf.mul(x!, tf.sigmoid(tf.mul(x!, 1.702))),
      inputs: [normal("quick", [4, 5], 1.5)],
    });
  });

  it("bends by tanh as the formula does", () => {
    const cubic = (x: tf.Tensor) => tf.add(x, tf.mul(tf.pow(x, 3), 0.044715));
    expectGradients({
      op: tanhGelu as Op,
      plain: (x) =>
        tf.mul(tf.mul(x!, 0.5), tf.add(tf.tanh(tf.mul(cubic(x!), Math.sqrt(2 / Math.PI))), 1)),
      inputs: [normal("tanh", [4, 5], 1.5)],
    });
  });

  it("knows the values of both approximations", () => {
    const x = () => tf.tensor2d([[-3, -1, 0, 0.5, 2]]);
    // transformers' ACT2FN["quick_gelu"] and ACT2FN["gelu_pytorch_tanh"] of the same
    const quick = [-0.01807131, -0.15420423, 0, 0.35038844, 1.93565857];
    expectAllClose(
      values(() => quickGelu(x())),
      quick,
      1e-5,
    );
    const tanh = [-0.00363743, -0.15880799, 0, 0.345714, 1.95459771];
    expectAllClose(
      values(() => tanhGelu(x())),
      tanh,
      1e-5,
    );
  });
});
