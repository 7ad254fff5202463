/** Counts the operations the engine really does: those of its products of matrices. Tensor layer. */
import * as tf from "@tensorflow/tfjs-core";

/** A running count. */
export interface Operations {
  /** Floating-point operations so far; a multiplication with its addition is two. */
  readonly flops: () => number;
  readonly stop: () => void;
}

/** Counts from now on, by wrapping the started engine's kernel of matrix products; what it computes stays as it is. */
export function countOperations(): Operations {
  const backendName = tf.getBackend();
  const real = tf.getKernel(tf.BatchMatMul, backendName);
  const replace = (config: tf.KernelConfig) => {
    tf.unregisterKernel(tf.BatchMatMul, backendName);
    tf.registerKernel(config);
  };
  let flops = 0;
  replace({
    ...real,
    kernelFunc: (params) => {
      const { a, b } = params.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      flops += productFlops(a, b, params.attrs as unknown as tf.BatchMatMulAttrs);
      return real.kernelFunc(params);
    },
  });
  return { flops: () => flops, stop: () => replace(real) };
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
