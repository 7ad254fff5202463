import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import type { NamedArray } from "../../../src/core/named-array.ts";
import { attention } from "../../../src/tensor/ops/attention.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, upload, values } from "../../support/gradient-check.ts";

/** Biases of a case; they are uploaded anew for each evaluation. */
interface Biases {
  readonly own?: NamedArray;
  readonly prefix?: NamedArray;
}

type Inputs = Array<tf.Tensor4D>;

/** queries, keys, values and, with a prefix, its keys and values. */
function op([queries, keys, values, prefixKeys, prefixValues]: Inputs, biases: Biases) {
  const own = biases.own && { bias: upload(biases.own) };
  const bias = biases.prefix && { bias: upload(biases.prefix) as tf.Tensor4D };
  const prefix = prefixKeys && { prefix: { keys: prefixKeys, values: prefixValues!, ...bias } };
  return attention({ queries: queries!, keys: keys!, values: values!, ...own, ...prefix });
}

/** One softmax over all keys, those of the prefix copied for each sample. */
function plain([queries, keys, values, prefixKeys, prefixValues]: Inputs, biases: Biases) {
  const batch = queries!.shape[0];
  const own = add(scoresOf(queries!, keys!), biases.own);
  if (prefixKeys === undefined) return tf.matMul(softmax(own), values!);
  const scores = scoresOf(queries!, perSample(prefixKeys, batch));
  const bias = biases.prefix && perSample(upload(biases.prefix), batch);
  const all = tf.concat([bias ? tf.add(scores, bias) : scores, own], 3);
  return tf.matMul(softmax(all), tf.concat([perSample(prefixValues!, batch), values!], 2));
}

function scoresOf(queries: tf.Tensor4D, keys: tf.Tensor): tf.Tensor {
  const scale = Math.sqrt(queries.shape[3]);
  return tf.div(tf.matMul(queries, tf.transpose(keys, [0, 1, 3, 2])), scale);
}

function add(scores: tf.Tensor, bias: NamedArray | undefined): tf.Tensor {
  return bias === undefined ? scores : tf.add(scores, upload(bias));
}

function softmax(scores: tf.Tensor): tf.Tensor {
  const weights = tf.exp(scores);
  return tf.div(weights, tf.sum(weights, -1, true));
}

/** [prompt, …] → [prompt × sample, …], by a product that every backend can differentiate. */
function perSample(x: tf.Tensor, batch: number): tf.Tensor {
  const [prompts, ...rest] = x.shape as [number, ...Array<number>];
  const copies = new Float32Array(batch * prompts);
  for (let row = 0; row < batch; row++) {
    copies[row * prompts + Math.floor((row * prompts) / batch)] = 1;
  }
  const matrix = tf.tensor2d(copies, [batch, prompts]);
  return tf.reshape(tf.matMul(matrix, tf.reshape(x, [prompts, -1])), [batch, ...rest]);
}

const [HEADS, REPEAT, TIME, DIM] = [2, 2, 3, 2];

/** Inputs for `prompts` × `samples` rows of own keys and, when it has any, a prefix of `past` keys. */
function inputs(prompts: number, samples: number, past = 0): ReadonlyArray<NamedArray> {
  const batch = prompts * samples;
  const own = [
    normal("queries", [batch, HEADS, REPEAT * TIME, DIM]),
    normal("keys", [batch, HEADS, TIME, DIM]),
    normal("values", [batch, HEADS, TIME, DIM]),
  ];
  const prefix = ["keys", "values"].map((name) =>
    normal(`prefix ${name}`, [prompts, HEADS, past, DIM]),
  );
  return past === 0 ? own : [...own, ...prefix];
}

/** Hides later tokens from grouped queries, [1, 1, repeat × time, time]. */
function causal(): NamedArray {
  const data = new Float32Array(REPEAT * TIME * TIME);
  for (let row = 0; row < REPEAT * TIME; row++) {
    for (let key = (row % TIME) + 1; key < TIME; key++) data[row * TIME + key] = -1e9;
  }
  return { shape: [1, 1, REPEAT * TIME, TIME], data };
}

/** Hides the last keys of each row, [rows, 1, 1, time]. */
function padding(lengths: ReadonlyArray<number>, time: number): NamedArray {
  const data = new Float32Array(lengths.length * time);
  lengths.forEach((length, row) => {
    data.fill(-1e9, row * time + length, (row + 1) * time);
  });
  return { shape: [lengths.length, 1, 1, time], data };
}

const cases: ReadonlyArray<{ title: string; of: ReadonlyArray<NamedArray>; biases: Biases }> = [
  { title: "own keys", of: inputs(2, 1), biases: {} },
  { title: "own keys up to now", of: inputs(2, 1), biases: { own: causal() } },
  { title: "padded own keys", of: inputs(2, 1), biases: { own: padding([3, 1], TIME) } },
  { title: "a prefix", of: inputs(2, 1, 2), biases: { own: causal() } },
  { title: "a prefix shared by samples", of: inputs(2, 3, 2), biases: { own: causal() } },
  {
    title: "padded prefixes shared by samples",
    of: inputs(2, 2, 3),
    biases: { own: causal(), prefix: padding([1, 3], 3) },
  },
  {
    title: "a prefix of padding only",
    of: inputs(2, 2, 2),
    biases: { prefix: padding([0, 2], 2) },
  },
];

onEngines(everyEngine, () => {
  it.each(cases)("attends and differentiates with $title", ({ of, biases }) => {
    expectGradients({
      op: (...args) => op(args as Inputs, biases),
      plain: (...args) => plain(args as Inputs, biases),
      inputs: of,
    });
  });

  it("stays finite where all scores are large", () => {
    const [queries, keys, ...rest] = inputs(2, 2, 2);
    const large = { ...queries!, data: queries!.data.map((value) => 1e4 * value) };
    const far = values(() => op([large, keys!, ...rest].map(upload) as Inputs, {}));
    const bound = Math.max(...rest.flatMap(({ data }) => [...data]).map(Math.abs));
    // A softmax of large scores picks one value, so nothing exceeds the largest of them.
    expect(Math.max(...far.map(Math.abs))).toBeLessThanOrEqual(bound * 1.000001);
  });

  it("does not depend on values behind a bias", () => {
    const biases = { own: padding([2, 1], TIME) };
    const [queries, keys, hidden] = inputs(2, 1);
    const data = Float32Array.from(hidden!.data);
    for (let head = 0; head < HEADS; head++)
      data.fill(99, ((head + 1) * TIME - 1) * DIM, (head + 1) * TIME * DIM);
    const changed = [queries!, keys!, { ...hidden!, data }];
    const before = values(() => op([queries!, keys!, hidden!].map(upload) as Inputs, biases));
    expectAllClose(
      values(() => op(changed.map(upload) as Inputs, biases)),
      before,
      1e-6,
    );
  });
});
