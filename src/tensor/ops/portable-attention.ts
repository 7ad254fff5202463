/** Self-attention as a composition of tfjs operations, for engines without fused kernels. Serves `self-attention.ts`. */
import * as tf from "@tensorflow/tfjs-core";
import { attention } from "./attention.ts";
import { addBias } from "./linear.ts";
import { rotate } from "./rotary.ts";
import type { KeyCache, SelfAttentionInput, SelfAttentionOutput } from "./self-attention.ts";

type HeadCache = Extract<KeyCache, { keys: tf.Tensor4D }>;

/** See `selfAttention`. */
export function portableSelfAttention({
  qkv,
  shift,
  batch,
  time,
  counts: { heads, kvHeads, dim },
  rotary,
  mask,
  prefix,
  past,
}: SelfAttentionInput): SelfAttentionOutput {
  const repeat = heads / kvHeads;
  const rows = shift === undefined ? qkv : addBias(qkv, shift);
  const parts = tf.reshape(rows, [batch * time, heads + 2 * kvHeads, dim]);
  const [turned, flatValues] = tf.split(parts, [heads + kvHeads, kvHeads], 1) as [
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  const placed = rotary === undefined ? turned : rotate(turned, rotary);
  const [flatQueries, flatKeys] = tf.split(placed, [heads, kvHeads], 1) as [
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  const byHead = (part: tf.Tensor3D): tf.Tensor4D =>
    tf.transpose(tf.reshape(part, [batch, time, kvHeads, dim]), [0, 2, 1, 3]);
  const grouped = tf.reshape(flatQueries, [batch, time, kvHeads, repeat, dim]);
  const queries = tf.reshape(tf.transpose(grouped, [0, 2, 3, 1, 4]), [
    batch,
    kvHeads,
    repeat * time,
    dim,
  ]) as tf.Tensor4D;
  const before = past as HeadCache | undefined;
  const keys = extend(before?.keys, byHead(flatKeys));
  const values = extend(before?.values, byHead(flatValues));
  const shared = prefix?.cache as HeadCache | undefined;
  const sharedBias = prefix?.mask.bias as tf.Tensor4D | undefined;
  const mixed = attention({
    queries,
    keys,
    values,
    ...(mask.bias === undefined ? {} : { bias: mask.bias }),
    ...(shared && { prefix: { ...shared, ...(sharedBias && { bias: sharedBias }) } }),
  });
  const byTime = tf.transpose(
    tf.reshape(mixed, [batch, kvHeads, repeat, time, dim]),
    [0, 3, 1, 2, 4],
  );
  return { mixed: tf.reshape(byTime, [batch * time, heads * dim]), cache: { keys, values } };
}

function extend(past: tf.Tensor4D | undefined, next: tf.Tensor4D): tf.Tensor4D {
  return past === undefined ? next : tf.concat([past, next], 2);
}
