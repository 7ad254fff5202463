/** Operations with hand-written gradients that keep nothing but their results. Serves the other operations. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * As `tf.customGrad`, with the gradient's intermediates released at once.
 *
 * tfjs would keep them until the whole backward pass has ended, about as much memory again as all
 * else that a training step holds.
 *
 * Memory: as `tf.customGrad`: the caller owns the value; what is saved goes after the gradient.
 */
export function customGrad<T extends tf.Tensor>(
  define: Parameters<typeof tf.customGrad<T>>[0],
): ReturnType<typeof tf.customGrad<T>> {
  if (!isTaping()) return (...inputs) => tf.tidy(() => define(...inputs, keepNothing).value as T);
  return tf.customGrad<T>((...inputs) => {
    const { value, gradFunc } = define(...inputs);
    return { value, gradFunc: (dy, saved) => tf.tidy(() => gradFunc(dy, saved)) };
  });
}

const keepNothing = () => {};

/** Whether a gradient will be asked for; if not, tfjs need not be told how to compute it. */
function isTaping(): boolean {
  const { state } = tf.engine() as unknown as {
    readonly state: { readonly gradientDepth: number };
  };
  return state.gradientDepth > 0;
}
