import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import {
  divergenceFrom,
  logDistribution,
  logProbabilities,
  weightedEntropy,
} from "../../../src/tensor/ops/log-probability.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, upload, values } from "../../support/gradient-check.ts";

const [ROWS, DIM, VOCAB] = [5, 4, 7];
const hidden = normal("hidden", [ROWS, DIM]);
const head = normal("head", [VOCAB, DIM]);
const targets = Int32Array.of(2, 6, 0, 2, 3);
const weights = Float32Array.of(0.5, 0, 1, 2, 0.25);

const logits = (rows: tf.Tensor, matrix: tf.Tensor) => tf.matMul(rows, tf.transpose(matrix));
const logSoftmax = (x: tf.Tensor) => tf.sub(x, tf.log(tf.sum(tf.exp(x), -1, true)));

function base(): tf.Tensor2D {
  return logSoftmax(upload(normal("base", [ROWS, VOCAB]))) as tf.Tensor2D;
}

onEngines(everyEngine, () => {
  it("gives log-probabilities of targets and their gradients", () => {
    const chosen = new Float32Array(ROWS * VOCAB);
    targets.forEach((target, row) => {
      chosen[row * VOCAB + target] = 1;
    });
    expectGradients({
      op: (rows, matrix) => logProbabilities(rows as tf.Tensor2D, matrix as tf.Tensor2D, targets),
      plain: (rows, matrix) => {
        const logProbs = logSoftmax(logits(rows!, matrix!));
        return tf.sum(tf.mul(logProbs, tf.tensor2d(chosen, [ROWS, VOCAB])), 1);
      },
      inputs: [hidden, head],
    });
  });

  it("gives the weighted divergence from a distribution and its gradients", () => {
    expectGradients({
      op: (rows, matrix) =>
        divergenceFrom(
          base(),
          rows as tf.Tensor2D,
          matrix as tf.Tensor2D,
          tf.tensor1d(Float32Array.from(weights)),
        ),
      plain: (rows, matrix) => {
        const gap = tf.sub(base(), logSoftmax(logits(rows!, matrix!)));
        const rowWise = tf.sum(tf.mul(tf.exp(base()), gap), 1);
        return tf.sum(tf.mul(rowWise, tf.tensor1d(Float32Array.from(weights))));
      },
      inputs: [hidden, head],
    });
  });

  it("gives the weighted entropy of the distribution and its gradients", () => {
    expectGradients({
      op: (rows, matrix) =>
        weightedEntropy(
          rows as tf.Tensor2D,
          matrix as tf.Tensor2D,
          tf.tensor1d(Float32Array.from(weights)),
        ),
      plain: (rows, matrix) => {
        const logProbs = logSoftmax(logits(rows!, matrix!));
        const entropies = tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), 1));
        return tf.sum(tf.mul(entropies, tf.tensor1d(Float32Array.from(weights))));
      },
      inputs: [hidden, head],
    });
  });

  it("has no divergence and no gradient at the base itself", () => {
    const [loss, gradient] = atBase();
    expectAllClose(loss, [0], 1e-6);
    expectAllClose(gradient, new Float32Array(ROWS * DIM), 1e-6);
  });

  it("gives distributions that sum to one, also for large logits", () => {
    const large = { ...hidden, data: hidden.data.map((value) => value * 200) };
    const table = values(() => {
      const rows = logDistribution(upload(large) as tf.Tensor2D, upload(head) as tf.Tensor2D);
      return tf.exp(rows);
    });
    for (let row = 0; row < ROWS; row++) {
      const sum = table.slice(row * VOCAB, (row + 1) * VOCAB).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
  });

  it("agrees with the distribution at the targets, also for large logits", () => {
    const large = { ...hidden, data: hidden.data.map((value) => value * 200) };
    const inputs = () => [upload(large) as tf.Tensor2D, upload(head) as tf.Tensor2D] as const;
    const table = values(() => logDistribution(...inputs()));
    const expected = Array.from(targets, (target, row) => table[row * VOCAB + target]!);
    expectAllClose(
      values(() => logProbabilities(...inputs(), targets)),
      expected,
      1e-6,
    );
  });
});

function atBase(): [Float32Array, Float32Array] {
  const [rows, matrix] = [upload(hidden) as tf.Tensor2D, upload(head) as tf.Tensor2D];
  const same = tf.tidy(() => logDistribution(rows, matrix));
  const ones = tf.ones([ROWS]) as tf.Tensor1D;
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
    divergenceFrom(same, x as tf.Tensor2D, matrix, ones),
  )(rows);
  const result: [Float32Array, Float32Array] = [
    Float32Array.from(value.dataSync<"float32">()),
    Float32Array.from(grad.dataSync<"float32">()),
  ];
  tf.dispose([rows, matrix, same, ones, value, grad]);
  return result;
}
