/** Counts what the tensor engine really does and holds. Used by tests of estimates. */
import * as tf from "@tensorflow/tfjs-core";

/** Runs `work` with the engine's matMul kernel wrapped; gives the operations, a multiplication with its addition as two. */
export function countFlops(work: () => void): number {
  const { flops, stop } = startCounting();
  try {
    work();
  } finally {
    stop();
  }
  return flops();
}

/** Wraps the engine's matMul kernel; gives the operations so far, and a way to put the real one back. */
export function startCounting(): { readonly flops: () => number; readonly stop: () => void } {
  const backendName = tf.getBackend();
  const real = tf.getKernel(tf.BatchMatMul, backendName);
  let flops = 0;
  tf.unregisterKernel(tf.BatchMatMul, backendName);
  tf.registerKernel({
    ...real,
    kernelFunc: (params) => {
      const { a, b } = params.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      flops += productFlops(a, b, params.attrs as unknown as tf.BatchMatMulAttrs);
      return real.kernelFunc(params);
    },
  });
  const stop = () => {
    tf.unregisterKernel(tf.BatchMatMul, backendName);
    tf.registerKernel(real);
  };
  return { flops: () => flops, stop };
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

interface Tracking {
  readonly state: { readonly numBytes: number };
  trackTensor: (tensor: tf.Tensor, backend: unknown) => void;
}

/** Runs `work`; gives the most bytes of tensors there were at one time, less those that were there before. */
export function peakBytes(work: () => void): number {
  const engine = tf.engine() as unknown as Tracking;
  const real = engine.trackTensor;
  const before = engine.state.numBytes;
  let peak = before;
  engine.trackTensor = (tensor, backend) => {
    real.call(engine, tensor, backend);
    peak = Math.max(peak, engine.state.numBytes);
  };
  try {
    work();
  } finally {
    engine.trackTensor = real;
  }
  return peak - before;
}
