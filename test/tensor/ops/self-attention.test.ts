import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { rotaryTable } from "../../../src/tensor/ops/rotary.ts";
import {
  causalMask,
  type KeyCache,
  type Mask,
  paddingMask,
  type SharedKeys,
  selfAttention,
} from "../../../src/tensor/ops/self-attention.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { expectGradients, normal, upload, values } from "../../support/gradient-check.ts";

const counts = { heads: 4, kvHeads: 2, dim: 2 };
const width = (counts.heads + 2 * counts.kvHeads) * counts.dim;

interface Case {
  readonly title: string;
  readonly prompts: number;
  readonly samples: number;
  /** Columns of the prefix; 0 without one. */
  readonly past: number;
  readonly time: number;
  /** Tokens of each prompt that count. */
  readonly prefixLengths?: ReadonlyArray<number>;
  /** Own tokens that count; else each token sees those up to itself. */
  readonly lengths?: ReadonlyArray<number>;
  readonly rotated: boolean;
}

const plainCase = { prompts: 2, samples: 1, past: 0, time: 3, rotated: true };
const cases: ReadonlyArray<Case> = [
  { ...plainCase, title: "own keys up to now" },
  { ...plainCase, title: "vectors that are not rotated", rotated: false },
  { ...plainCase, title: "padded own keys", lengths: [3, 1] },
  { ...plainCase, title: "a prefix shared by samples", samples: 3, past: 2 },
  {
    ...plainCase,
    title: "padded prefixes shared by samples",
    ...{ samples: 2, past: 3, prefixLengths: [1, 3] },
  },
  {
    ...plainCase,
    title: "a prefix of padding only",
    ...{ samples: 2, past: 2, prefixLengths: [0, 2] },
  },
  { ...plainCase, title: "more own keys than a vector holds", time: 19, prompts: 1 },
];

/** Angles of `rows` tokens, no two alike. */
const angles = (rows: number) =>
  Float64Array.from({ length: (rows * counts.dim) / 2 }, (_, at) => Math.sin(at + 1));

function attended(
  [qkv, shift, prompt]: Array<tf.Tensor>,
  { prompts, samples, past, time, rotated, ...rest }: Case,
): tf.Tensor {
  const batch = prompts * samples;
  const turned = (rows: number) => (rotated ? { rotary: rotaryTable(angles(rows), rows) } : {});
  const mask: Mask = rest.lengths
    ? paddingMask(Int32Array.from(rest.lengths), time)
    : causalMask(time, counts);
  let prefix: SharedKeys | undefined;
  if (prompt !== undefined) {
    const { cache } = selfAttention({
      ...{ qkv: prompt as tf.Tensor2D, batch: prompts, time: past, counts },
      ...{ mask: causalMask(past, counts), ...turned(prompts * past) },
    });
    const lengths = Int32Array.from(rest.prefixLengths ?? Array(prompts).fill(past));
    prefix = { cache, mask: paddingMask(lengths, past) };
  }
  return selfAttention({
    ...{ qkv: qkv as tf.Tensor2D, shift: shift as tf.Tensor1D, batch, time, counts, mask },
    ...turned(batch * time),
    ...(prefix && { prefix }),
  }).mixed;
}

/** The same with one softmax over copied keys, in tfjs operations that differentiate themselves. */
function plain([qkv, shift, prompt]: Array<tf.Tensor>, one: Case): tf.Tensor {
  const { prompts, samples, past, time } = one;
  const batch = prompts * samples;
  const own = parts(tf.add(qkv!, shift!), batch, time, one);
  const scale = Math.sqrt(counts.dim);
  const hidden = (
    rows: number,
    columns: number,
    seen: (row: number, t: number, j: number) => boolean,
  ) =>
    tf.tensor(
      Float32Array.from({ length: rows * time * columns }, (_, at) => {
        const [row, t, j] = [
          Math.floor(at / columns / time),
          Math.floor(at / columns) % time,
          at % columns,
        ];
        return seen(row, t, j) ? 0 : -1e9;
      }),
      [rows, 1, time, columns],
    );
  const scoresOf = (keys: tf.Tensor) =>
    tf.div(tf.matMul(own.queries, tf.transpose(keys, [0, 1, 3, 2])), scale);
  const ownScores = tf.add(
    scoresOf(own.keys),
    hidden(batch, time, (row, t, j) => (one.lengths ? j < one.lengths[row]! : j <= t)),
  );
  const before = prompt && parts(prompt, prompts, past, one);
  const lengths = one.prefixLengths ?? Array(prompts).fill(past);
  const shared =
    before &&
    tf.add(
      scoresOf(copied(before.keys, batch)),
      hidden(batch, past, (row, _, j) => j < lengths[Math.floor(row / samples)]!),
    );
  const scores = shared ? tf.concat([shared, ownScores], 3) : ownScores;
  const all = before ? tf.concat([copied(before.values, batch), own.values], 2) : own.values;
  const weights = tf.exp(scores);
  const mixed = tf.matMul(tf.div(weights, tf.sum(weights, -1, true)), all);
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * time, counts.heads * counts.dim]);
}

/** Queries, keys and values by query head, [batch, head, time, dim]. */
function parts(rows: tf.Tensor, batch: number, time: number, { rotated }: Case) {
  const { heads, kvHeads, dim } = counts;
  const split = tf.split(tf.reshape(rows, [batch * time, -1, dim]), [heads, kvHeads, kvHeads], 1);
  const [queries, keys] = split.slice(0, 2).map((x) => (rotated ? turned(x) : x));
  const byHead = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [batch, time, -1, dim]), [0, 2, 1, 3]);
  const repeated = (x: tf.Tensor) => perHead(byHead(x));
  return { queries: byHead(queries!), keys: repeated(keys!), values: repeated(split[2]!) };
}

function turned(x: tf.Tensor): tf.Tensor {
  const [rows, , dim] = x.shape as [number, number, number];
  const each = Float32Array.from(angles(rows));
  const angle = tf.reshape(tf.tensor(each), [rows, 1, dim / 2]);
  const [a, b] = tf.split(x, 2, 2) as [tf.Tensor, tf.Tensor];
  const [cos, sin] = [tf.cos(angle), tf.sin(angle)];
  return tf.concat(
    [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))],
    2,
  );
}

/** Copies by a product, which every backend can differentiate. */
function copies(x: tf.Tensor, count: number): tf.Tensor {
  const [from, ...rest] = x.shape as [number, ...Array<number>];
  const matrix = tf.tensor2d(
    Float32Array.from({ length: count * from }, (_, at) =>
      at % from === Math.floor((Math.floor(at / from) * from) / count) ? 1 : 0,
    ),
    [count, from],
  );
  return tf.reshape(tf.matMul(matrix, tf.reshape(x, [from, -1])), [count, ...rest]);
}
const copied = copies;
function perHead(x: tf.Tensor): tf.Tensor {
  const swapped = tf.transpose(x, [1, 0, 2, 3]);
  return tf.transpose(copies(swapped, counts.heads), [1, 0, 2, 3]);
}

function inputs({ prompts, samples, past, time }: Case) {
  const own = [normal("rows", [prompts * samples * time, width]), normal("shift", [width])];
  return past === 0 ? own : [...own, normal("prefix rows", [prompts * past, width])];
}

onEngines(everyEngine, () => {
  it.each(cases)("attends and differentiates with $title", (one) => {
    expectGradients({
      op: (...args) => attended(args, one),
      plain: (...args) => plain(args, one),
      inputs: inputs(one),
    });
  });

  it("gives token by token what it gives at once, however many there are", () => {
    const [batch, time] = [2, 70];
    const rows = normal("rows", [batch * time, width]);
    const one = { ...plainCase, title: "", prompts: batch, time, rotated: false };
    const zero = { shape: [width], data: new Float32Array(width) };
    const whole = values(() => attended([upload(rows), upload(zero)], one));
    const out = counts.heads * counts.dim;
    tf.tidy(() => {
      let past: KeyCache | undefined;
      for (let t = 0; t < time; t++) {
        const data = new Float32Array(batch * width);
        const expected = new Float32Array(batch * out);
        for (let row = 0; row < batch; row++) {
          const at = row * time + t;
          data.set(rows.data.subarray(at * width, (at + 1) * width), row * width);
          expected.set(whole.subarray(at * out, (at + 1) * out), row * out);
        }
        const { mixed, cache } = selfAttention({
          ...{ qkv: tf.tensor2d(data, [batch, width]), batch, time: 1, counts },
          mask: causalMask(1, counts),
          ...(past && { past }),
        });
        expectAllClose(mixed.dataSync<"float32">(), expected, 1e-5, `token ${t}`);
        past = cache;
      }
      if (past && "rows" in past) expect(past.rows.length).toBeLessThan(32 + 2);
    });
  });

  it("stays finite where all scores are large", () => {
    const one = { ...plainCase, title: "", rotated: false };
    const rows = normal("rows", [6, width], 1e3);
    const zero = { shape: [width], data: new Float32Array(width) };
    const result = values(() => attended([upload(rows), upload(zero)], one));
    const bound = Math.max(...rows.data.map(Math.abs));
    expect(Math.max(...result.map(Math.abs))).toBeLessThanOrEqual(bound * 1.000001);
  });
});
