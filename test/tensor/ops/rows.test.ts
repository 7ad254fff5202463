import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { embed, rearrange } from "../../../src/tensor/ops/rows.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, upload, values } from "../../support/gradient-check.ts";

/** Row selection as a product with a 0/1 matrix; an index of −1 selects nothing. */
function select(table: tf.Tensor, index: ReadonlyArray<number>): tf.Tensor {
  const rows = table.shape[0]!;
  const matrix = new Float32Array(index.length * rows);
  index.forEach((row, at) => {
    if (row >= 0) matrix[at * rows + row] = 1;
  });
  return tf.matMul(tf.tensor2d(matrix, [index.length, rows]), table);
}

const table = normal("table", [5, 3]);

onEngines(everyEngine, () => {
  it.each([
    { title: "each once", index: [4, 0, 2] },
    { title: "some again", index: [1, 1, 4, 1, 0] },
    { title: "one", index: [3] },
  ])("embeds rows, $title", ({ index }) => {
    expectGradients({
      op: (x) => embed(x as tf.Tensor2D, Int32Array.from(index)),
      plain: (x) => select(x!, index),
      inputs: [table],
    });
  });

  it.each([
    { title: "a permutation", index: [3, 1, 0, 4, 2] },
    { title: "rows left out", index: [4, 2] },
    { title: "rows of zeros", index: [-1, 3, -1, 1, 0, -1, 4, 2] },
    { title: "rows left out and rows of zeros", index: [-1, 2, 0, -1] },
  ])("rearranges $title", ({ index }) => {
    expectGradients({
      op: (x) => rearrange(x as tf.Tensor2D, Int32Array.from(index)),
      plain: (x) => select(x!, index),
      inputs: [table],
    });
  });

  it("puts rows back by the inverse index", () => {
    const there = Int32Array.of(-1, 3, 1, -1, 0, 4, 2);
    const back = Int32Array.of(4, 2, 6, 1, 5);
    const same = values(() => rearrange(rearrange(upload(table) as tf.Tensor2D, there), back));
    expect(same).toEqual(table.data);
  });
});
