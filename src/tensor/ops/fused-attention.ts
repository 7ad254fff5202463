/** Self-attention by the native engine's fused kernels: no head is ever moved. Serves `self-attention.ts`. */
import * as tf from "@tensorflow/tfjs-core";
import { type FusedAttributes, runFused } from "../fused.ts";
import { customGrad } from "./custom-grad.ts";
import { sumRows } from "./linear.ts";
import type {
  HeadCounts,
  KeyCache,
  SelfAttentionInput,
  SelfAttentionOutput,
} from "./self-attention.ts";

type RowCache = Extract<KeyCache, { rows: ReadonlyArray<tf.Tensor2D> }>;

/** So many tokens' rows are joined into one tensor: long responses would else bring a tensor for each token. */
const JOINED = 32;

/** See `selfAttention`. */
export function fusedSelfAttention(input: SelfAttentionInput): SelfAttentionOutput {
  const { batch, past } = input;
  const own = place(input);
  const mixed = attend(own, input);
  const before = (past as RowCache | undefined)?.rows;
  // Only single tokens come one after the other; whole passes leave their rows as they are.
  const rows = before === undefined ? [own] : joined([...before, own], batch);
  return { mixed, cache: { rows } };
}

/** Rows with their shift added, queries and keys turned. */
function place({ qkv, shift, counts, rotary }: SelfAttentionInput): tf.Tensor2D {
  if (rotary === undefined && shift === undefined) return qkv;
  const nothing = tf.zeros([0]);
  const [cos, sin] = rotary === undefined ? [nothing, nothing] : [rotary.cos, rotary.sin];
  const attributes = rotationOf(counts, rotary !== undefined);
  const op = customGrad((x, ...rest) => {
    const save = rest.at(-1) as unknown as tf.GradSaveFunc;
    const bias = shift === undefined ? nothing : (rest[0] as tf.Tensor);
    save([cos, sin]);
    return {
      value: runFused("RcpaRotateRows", [x as tf.Tensor, bias, cos, sin], attributes.forth)[0]!,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const dx = runFused("RcpaRotateRows", [dy, tf.zeros([0]), ...saved], attributes.back)[0]!;
        return shift === undefined ? dx : [dx, sumRows(dx)];
      },
    };
  });
  return (shift === undefined ? op(qkv) : op(qkv, shift)) as tf.Tensor2D;
}

function attend(
  own: tf.Tensor2D,
  { batch, time, counts, mask, ragged, prefix, promptOf, past }: SelfAttentionInput,
): tf.Tensor2D {
  const none = tf.tensor1d([], "int32");
  const earlier = (past as RowCache | undefined)?.rows ?? [];
  const shared = prefix === undefined ? tf.zeros([0]) : (prefix.cache as RowCache).rows[0]!;
  const lengths = mask.lengths ?? none;
  const starts = ragged?.starts ?? tf.tensor1d(evenStarts(batch, time), "int32");
  const prefixLengths = prefix?.mask.lengths ?? none;
  const prompts = promptOf ?? none;
  const attributes = attentionOf(counts, mask.causal, earlier.length);
  const op = customGrad((rows, keys, save) => {
    const own = [rows as tf.Tensor, lengths, starts];
    const inputs = [...own, keys as tf.Tensor, prefixLengths, prompts];
    const [mixed, logSums] = runFused(
      "RcpaAttention",
      [...inputs, ...earlier],
      attributes.forth,
    ) as [tf.Tensor, tf.Tensor];
    (save as tf.GradSaveFunc)([mixed, logSums, ...inputs]);
    return {
      value: mixed,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) =>
        runFused("RcpaAttentionGrad", [dy, ...saved], attributes.back),
    };
  });
  return op(own, shared) as tf.Tensor2D;
}

function joined(rows: ReadonlyArray<tf.Tensor2D>, batch: number): ReadonlyArray<tf.Tensor2D> {
  const single = rows.filter((one) => one.shape[0] === batch);
  if (single.length < JOINED) return rows;
  const width = rows[0]!.shape[1];
  const byTime = single.map((one) => tf.reshape(one, [batch, 1, width]));
  const whole = tf.reshape(tf.concat(byTime, 1), [batch * single.length, width]) as tf.Tensor2D;
  return [...rows.filter((one) => one.shape[0] !== batch), whole];
}

interface ThereAndBack {
  readonly forth: FusedAttributes;
  readonly back: FusedAttributes;
}

const known = new Map<string, ThereAndBack>();

/** tfjs attributes are made once for each combination: making them costs as much as a small kernel. */
function remembered(key: string, make: () => ThereAndBack): ThereAndBack {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}

function rotationOf({ heads, kvHeads, dim }: HeadCounts, turns: boolean): ThereAndBack {
  return remembered(`rotation ${heads} ${kvHeads} ${dim} ${turns}`, () => {
    const integers = { dim, turned: turns ? heads + kvHeads : 0 };
    return {
      forth: { integers, numbers: { sign: 1 } },
      back: { integers, numbers: { sign: -1 } },
    };
  });
}

// Nothing here varies with lengths: TensorFlow keeps a kernel for each combination of attributes, for good.
function attentionOf(
  { heads, kvHeads, dim }: HeadCounts,
  causal: boolean,
  earlier: number,
): ThereAndBack {
  return remembered(`attention ${heads} ${kvHeads} ${dim} ${causal} ${earlier}`, () => {
    const integers = { heads, kv_heads: kvHeads, dim };
    const flags = { causal };
    return {
      forth: { integers: { ...integers, N: earlier }, flags },
      back: { integers, flags },
    };
  });
}

const evenStarts = (batch: number, time: number) =>
  Int32Array.from({ length: batch + 1 }, (_, sequence) => sequence * time);
