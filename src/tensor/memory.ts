/** Tensor lifetimes with plain TypeScript types. Serves every layer that makes tensors. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs `make` and releases every tensor it made but those in its result.
 *
 * The result may nest tensors in objects and arrays. It must not hold typed arrays: tfjs walks
 * results element by element, which takes longer than the computation.
 */
export function scoped<A>(make: () => A): A {
  return tf.tidy(make as () => tf.TensorContainer) as A;
}

/** Releases all tensors nested in `values`. */
export function release(...values: ReadonlyArray<unknown>): void {
  tf.dispose(values as unknown as tf.TensorContainer);
}
