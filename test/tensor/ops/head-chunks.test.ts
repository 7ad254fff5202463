import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { byRows, type RowNumber } from "../../../src/tensor/ops/head-chunks.ts";
import {
  divergenceBetween,
  logDistribution,
  logProbabilities,
  rowEntropies,
  weightedEntropy,
} from "../../../src/tensor/ops/log-probability.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, upload, values } from "../../support/gradient-check.ts";

const [ROWS, DIM, VOCAB] = [7, 4, 5];
const hidden = normal("hidden", [ROWS, DIM]);
const head = normal("head", [VOCAB, DIM]);

/** A number that depends on the place of its row. */
const placed: RowNumber = {
  value: (logits, first) => tf.mul(tf.sum(tf.square(logits), 1), placesOf(logits, first)),
  slope: (logits, dy, first) =>
    tf.mul(tf.mul(logits, 2), tf.reshape(tf.mul(dy, placesOf(logits, first)), [-1, 1])),
};
const placesOf = ({ shape }: tf.Tensor2D, first: number) =>
  tf.tensor1d(Float32Array.from({ length: shape[0] }, (_, row) => 1 + first + row));

onEngines(everyEngine, () => {
  it.each([1, VOCAB, 2 * VOCAB, 3 * VOCAB + 1, 100 * VOCAB])(
    "gives the numbers and gradients of all rows at once, %i logits at a time",
    (most) => {
      expectGradients({
        op: (rows, matrix) => byRows(rows as tf.Tensor2D, matrix as tf.Tensor2D, placed, most),
        plain: (rows, matrix) => {
          const logits = tf.matMul(rows!, tf.transpose(matrix!));
          const places = Float32Array.from({ length: ROWS }, (_, row) => 1 + row);
          return tf.mul(tf.sum(tf.square(logits), 1), tf.tensor1d(places));
        },
        inputs: [hidden, head],
      });
    },
  );
});

onEngines(["tensorflow-cpu"], () => {
  // As many rows as there are more logits of than are computed at once.
  const [rows, vocab] = [300, 60_000];
  const [long, wide] = [normal("long", [rows, DIM]), normal("wide", [vocab, DIM])];
  const other = normal("other", [rows, DIM]);
  const chosen = Int32Array.from({ length: rows }, (_, row) => (row * 7919) % vocab);
  const rowWeights = Float32Array.from({ length: rows }, (_, row) => (row % 3) / rows);
  const table = (of: typeof long) =>
    logDistribution(upload(of) as tf.Tensor2D, upload(wide) as tf.Tensor2D);
  const both = () => [upload(long), upload(wide)] as [tf.Tensor2D, tf.Tensor2D];

  it("gives the same of a long batch as the whole table", () => {
    const picked = values(() => logProbabilities(...both(), chosen));
    const all = values(() => table(long));
    expectAllClose(
      picked,
      Float32Array.from(chosen, (id, row) => all[row * vocab + id]!),
      1e-5,
    );
    const entropies = values(() => rowEntropies(...both()));
    const expected = values(() => tf.neg(tf.sum(tf.mul(tf.exp(table(long)), table(long)), 1)));
    expectAllClose(entropies, expected, 1e-5);
    const sum = values(() => tf.reshape(weightedEntropy(...both(), tf.tensor1d(rowWeights)), [1]));
    expect(sum[0]).toBeCloseTo(
      expected.reduce((total, entropy, row) => total + entropy * rowWeights[row]!, 0),
      4,
    );
    const nats = values(() => {
      const base = { hidden: upload(other) as tf.Tensor2D, head: upload(wide) as tf.Tensor2D };
      return tf.reshape(divergenceBetween(base, ...both(), tf.tensor1d(rowWeights)), [1]);
    });
    const wanted = values(() => {
      const gap = tf.sub(table(other), table(long));
      return tf.sum(tf.mul(tf.sum(tf.mul(tf.exp(table(other)), gap), 1), tf.tensor1d(rowWeights)));
    });
    expect(nats[0]! / wanted[0]!).toBeCloseTo(1, 4);
  });

  it.each([
    ["log-probabilities", (x: tf.Tensor2D, w: tf.Tensor2D) => logProbabilities(x, w, chosen)],
    ["entropy", (x: tf.Tensor2D, w: tf.Tensor2D) => weightedEntropy(x, w, tf.tensor1d(rowWeights))],
    [
      "divergence",
      (x: tf.Tensor2D, w: tf.Tensor2D) =>
        divergenceBetween(
          { hidden: upload(other) as tf.Tensor2D, head: upload(wide) as tf.Tensor2D },
          x,
          w,
          tf.tensor1d(rowWeights),
        ),
    ],
  ])("has the gradient of a long batch's %s that differences show", (name, of) => {
    const gradient = values(() =>
      tf.grad((x) => of(x as tf.Tensor2D, upload(wide) as tf.Tensor2D))(upload(long)),
    );
    const direction = normal(`direction of ${name}`, [rows, DIM]);
    const at = (step: number) =>
      values(() =>
        tf.reshape(
          tf.sum(
            of(
              tf.add(upload(long), tf.mul(upload(direction), step)) as tf.Tensor2D,
              upload(wide) as tf.Tensor2D,
            ),
          ),
          [1],
        ),
      )[0]!;
    const slope = (at(1e-2) - at(-1e-2)) / 2e-2;
    const product = gradient.reduce((sum, g, i) => sum + g * direction.data[i]!, 0);
    expect(product / slope).toBeCloseTo(1, 2);
  });
});
