/** Self-attention over rows of queries, keys and values as one projection gives them. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { hasFused } from "../fused.ts";
import { fusedSelfAttention } from "./fused-attention.ts";
import { portableSelfAttention } from "./portable-attention.ts";
import type { RotaryTable } from "./rotary.ts";

/** How a row of `(heads + 2 · kvHeads) · dim` values is divided: queries, then keys, then values. */
export interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
  readonly dim: number;
}

/** Which own tokens are attended to; made once for all layers. */
export interface Mask {
  /** A token sees itself and those before it; else all. */
  readonly causal: boolean;
  /** How many tokens of each sequence count, [batch] int32; absent where all do. */
  readonly lengths?: tf.Tensor1D;
  /** The same as an addition to scores, for engines that need it. */
  readonly bias?: tf.Tensor;
}

/** Keys and values of one layer, kept as the engine reads them best. */
export type KeyCache =
  | {
      /** [batch, head, time, dim] float32 */
      readonly keys: tf.Tensor4D;
      readonly values: tf.Tensor4D;
    }
  | {
      /** Rotated rows of consecutive tokens, [batch × time, width] float32 each. */
      readonly rows: ReadonlyArray<tf.Tensor2D>;
    };

/** Sequences of unequal lengths, their rows one after the other; engines with fused kernels take them. */
export interface Ragged {
  /** First row of each sequence, and the end of the last, [batch + 1] int32. */
  readonly starts: tf.Tensor1D;
}

/** Keys that all samples of a prompt share. */
export interface SharedKeys {
  readonly cache: KeyCache;
  /** Which of each prompt's tokens count. */
  readonly mask: Mask;
}

export interface SelfAttentionInput {
  /** [batch × time, (heads + 2 kvHeads) · dim] float32, or as many rows as `ragged` says */
  readonly qkv: tf.Tensor2D;
  /** Added to each row, [(heads + 2 kvHeads) · dim]. */
  readonly shift?: tf.Tensor1D;
  readonly batch: number;
  /** Of the longest sequence. */
  readonly time: number;
  /** Absent where every sequence has `time` rows. */
  readonly ragged?: Ragged;
  readonly counts: HeadCounts;
  /** Turns queries and keys, one row of angles a token; absent where positions are learned. */
  readonly rotary?: RotaryTable;
  readonly mask: Mask;
  /** Keys before the own ones; `batch` is then prompt × sample, samples of a prompt adjacent, unless `promptOf` tells. */
  readonly prefix?: SharedKeys;
  /** Prompt of each sequence, [batch] int32; engines with fused kernels take it. */
  readonly promptOf?: tf.Tensor1D;
  /** Earlier own keys; no gradient flows to them. */
  readonly past?: KeyCache;
}

export interface SelfAttentionOutput {
  /** [batch × time, heads · dim] float32 */
  readonly mixed: tf.Tensor2D;
  /** Own keys and values, those of `past` first; it may share their tensors. */
  readonly cache: KeyCache;
}

/**
 * `softmax(q · [k_prefix, k_past, k_own]ᵀ / √dim) · [v_prefix, v_past, v_own]`, grouped queries.
 *
 * One kernel forward and one backward where the engine has them, else a composition of tfjs operations.
 *
 * Memory: caller owns the result; call inside a tidy.
 */
export function selfAttention(input: SelfAttentionInput): SelfAttentionOutput {
  return hasFused() ? fusedSelfAttention(input) : portableSelfAttention(input);
}

/**
 * The caches of some of the sequences, for engines with fused kernels.
 *
 * @param kept indices of sequences, ascending
 * Memory: caller owns the result and still owns `cache`; call inside a tidy.
 */
export function keepSequences(cache: KeyCache, batch: number, kept: Int32Array): KeyCache {
  if (!("rows" in cache)) throw new RangeError("only caches of rows can lose sequences");
  const index = tf.tensor1d(kept, "int32");
  const [width] = cache.rows[0]!.shape.slice(1) as [number];
  const parts = cache.rows.map((rows) => tf.reshape(rows, [batch, -1, width]));
  const whole = parts.length === 1 ? parts[0]! : tf.concat(parts, 1);
  return { rows: [tf.reshape(tf.gather(whole, index), [-1, width]) as tf.Tensor2D] };
}

/** Each token sees itself and those before it. Memory: caller owns the mask. */
export function causalMask(time: number, { heads, kvHeads }: HeadCounts): Mask {
  if (hasFused() || time === 1) return { causal: true };
  const repeat = heads / kvHeads;
  const bias = new Float32Array(repeat * time * time);
  for (let row = 0; row < repeat * time; row++) {
    const now = row % time;
    bias.fill(-1e9, row * time + now + 1, (row + 1) * time);
  }
  return { causal: true, bias: tf.tensor4d(bias, [1, 1, repeat * time, time]) };
}

/** All tokens but those that pad a sequence at its end. Memory: caller owns the mask. */
export function paddingMask(lengths: Int32Array, time: number): Mask {
  if (hasFused()) return { causal: false, lengths: tf.tensor1d(lengths, "int32") };
  if (lengths.every((length) => length === time)) return { causal: false };
  const bias = new Float32Array(lengths.length * time);
  lengths.forEach((length, row) => {
    bias.fill(-1e9, row * time + length, (row + 1) * time);
  });
  return { causal: false, bias: tf.tensor4d(bias, [lengths.length, 1, 1, time]) };
}
