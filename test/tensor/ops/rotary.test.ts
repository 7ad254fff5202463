import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { stream } from "../../../src/core/seed.ts";
import { rotaryTable, rotate } from "../../../src/tensor/ops/rotary.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, upload, values } from "../../support/gradient-check.ts";

const [ROWS, HEADS, DIM] = [4, 2, 6];
const random = stream(7, "angles");
const angles = Float64Array.from({ length: (ROWS * DIM) / 2 }, () => 6 * random.uniform());
const x = normal("x", [ROWS, HEADS, DIM]);

/** The rotation with cosines and sines per half, split and joined. */
function plain(input: tf.Tensor): tf.Tensor {
  const half = tf.tensor3d(Float32Array.from(angles), [ROWS, 1, DIM / 2]);
  const [cos, sin] = [tf.cos(half), tf.sin(half)];
  const [first, second] = tf.split(input, 2, 2) as [tf.Tensor, tf.Tensor];
  return tf.concat(
    [
      tf.sub(tf.mul(first, cos), tf.mul(second, sin)),
      tf.add(tf.mul(second, cos), tf.mul(first, sin)),
    ],
    2,
  );
}

onEngines(everyEngine, () => {
  it("rotates and differentiates as the plain composition does", () => {
    expectGradients({
      op: (input) => rotate(input as tf.Tensor3D, rotaryTable(angles, ROWS)),
      plain: (input) => plain(input!),
      inputs: [x],
    });
  });

  it("keeps lengths, and the opposite angles turn back", () => {
    const there = (input: tf.Tensor) => rotate(input as tf.Tensor3D, rotaryTable(angles, ROWS));
    const opposite = angles.map((angle) => -angle);
    const back = (input: tf.Tensor) => rotate(input as tf.Tensor3D, rotaryTable(opposite, ROWS));
    const norms = (input: tf.Tensor) => tf.sum(tf.square(input), -1);
    expectAllClose(
      values(() => norms(there(upload(x)))),
      values(() => norms(upload(x))),
      1e-5,
    );
    expectAllClose(
      values(() => back(there(upload(x)))),
      x.data,
      1e-5,
    );
  });

  it("leaves vectors at angle 0 as they are", () => {
    const none = new Float64Array(angles.length);
    const still = values(() => rotate(upload(x) as tf.Tensor3D, rotaryTable(none, ROWS)));
    expect(still).toEqual(x.data);
  });
});
