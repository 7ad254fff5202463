/** Counts the operations the engine really does: those of its products of matrices. Tensor layer. */
import * as tf from "@tensorflow/tfjs-core";

/** A running count. */
export interface Operations {
  /** Floating-point operations so far; a multiplication with its addition is two. */
  readonly flops: () => number;
  readonly stop: () => void;
}

type Count = (inputs: ReadonlyArray<tf.TensorInfo>, attributes: tf.NamedAttrMap) => number;

/** The kernels that multiply matrices; a fused one counts whole rectangles of scores, of the mean length. */
const counts: Readonly<Record<string, Count>> = {
  [tf.BatchMatMul]: ([a, b], attributes) =>
    productFlops(a!, b!, attributes as unknown as tf.BatchMatMulAttrs),
  RcpaAttention: (inputs, attributes) => 4 * attentionPairs(inputs, attributes),
  RcpaAttentionGrad: (inputs, attributes) => 10 * attentionPairs(inputs.slice(3), attributes),
};

/** Counts from now on, by wrapping the started engine's kernels of matrix products; what they compute stays as it is. */
export function countOperations(): Operations {
  const backendName = tf.getBackend();
  let flops = 0;
  const replace = (config: tf.KernelConfig) => {
    tf.unregisterKernel(config.kernelName, backendName);
    tf.registerKernel(config);
  };
  const real = Object.keys(counts).flatMap((name) => tf.getKernel(name, backendName) ?? []);
  for (const kernel of real) {
    const count = counts[kernel.kernelName]!;
    replace({
      ...kernel,
      kernelFunc: (params) => {
        flops += count(
          Object.values(params.inputs) as Array<tf.TensorInfo>,
          params.attrs as tf.NamedAttrMap,
        );
        return kernel.kernelFunc(params);
      },
    });
  }
  return { flops: () => flops, stop: () => real.forEach(replace) };
}

/** Pairs of a query with a key, times the head's size; inputs as those of the fused attention from its own rows on. */
function attentionPairs(
  [own, , starts, prefix, prefixLengths, , ...past]: ReadonlyArray<tf.TensorInfo>,
  attributes: tf.NamedAttrMap,
): number {
  const { integers } = attributes as unknown as { integers: Readonly<Record<string, number>> };
  const rows = own!.shape[0]!;
  const sequences = starts!.shape[0]! - 1;
  const shared = prefix!.shape.length > 1 ? prefix!.shape[0]! / prefixLengths!.shape[0]! : 0;
  const earlier = past.reduce((sum, one) => sum + one.shape[0]! / sequences, 0);
  return rows * integers.heads! * integers.dim! * (rows / sequences + earlier + shared);
}

function productFlops(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeA, transposeB }: tf.BatchMatMulAttrs,
): number {
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const batches = Math.max(size(a.shape.slice(0, -2)), size(b.shape.slice(0, -2)));
  return 2 * batches * (transposeA ? inner : rows) * (transposeA ? rows : inner) * columns;
}

const size = (shape: ReadonlyArray<number>) => shape.reduce((product, side) => product * side, 1);
