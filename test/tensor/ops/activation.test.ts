import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { gelu, swiGlu } from "../../../src/tensor/ops/activation.ts";
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
});
