/** Counts the floating-point operations of the products of matrices that the tensor engine really does. Used by tests of estimates. */
import * as tf from "@tensorflow/tfjs-core";

/** Runs `work` with the engine's matMul kernel wrapped; gives the operations, a multiplication with its addition as two. */
export function countFlops(work: () => void): number {
  const backendName = tf.getBackend();
  const real = tf.getKernel(tf.BatchMatMul, backendName);
  let flops = 0;
  const counting: tf.KernelConfig = {
    ...real,
    kernelFunc: (params) => {
      const { a, b } = params.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const { transposeA, transposeB } = params.attrs as unknown as tf.BatchMatMulAttrs;
      const [rows, inner] = a.shape.slice(-2) as [number, number];
      const columns = b.shape.at(transposeB ? -2 : -1)!;
      const batches = Math.max(size(a.shape.slice(0, -2)), size(b.shape.slice(0, -2)));
      flops += 2 * batches * (transposeA ? inner : rows) * (transposeA ? rows : inner) * columns;
      return real.kernelFunc(params);
    },
  };
  tf.unregisterKernel(tf.BatchMatMul, backendName);
  tf.registerKernel(counting);
  try {
    work();
  } finally {
    tf.unregisterKernel(tf.BatchMatMul, backendName);
    tf.registerKernel(real);
  }
  return flops;
}

const size = (shape: ReadonlyArray<number>) => shape.reduce((product, side) => product * side, 1);
