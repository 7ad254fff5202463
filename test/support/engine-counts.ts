/** Counts what the tensor engine really does and holds. Used by tests of estimates. */
import * as tf from "@tensorflow/tfjs-core";
import { countOperations } from "../../src/tensor/operations.ts";

/** Runs `work` with the engine's matMul kernel wrapped; gives the operations, a multiplication with its addition as two. */
export function countFlops(work: () => void): number {
  const { flops, stop } = countOperations();
  try {
    work();
  } finally {
    stop();
  }
  return flops();
}

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
