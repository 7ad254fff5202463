/** Operations with hand-written gradients that keep nothing but their results. Serves the other operations. */
import * as tf from "@tensorflow/tfjs-core";

/** What an operation gives: its value, and gradients by input; one that is a function is computed only if it is wanted. */
interface Defined<T extends tf.Tensor> {
  readonly value: T;
  readonly gradFunc: (
    dy: T,
    saved: Array<tf.Tensor>,
  ) => tf.Tensor | ReadonlyArray<tf.Tensor | (() => tf.Tensor)>;
}

type Define<T extends tf.Tensor> = (...args: Array<tf.Tensor | tf.GradSaveFunc>) => Defined<T>;

/** tfjs's own way to put an operation on the tape; its types hide it. */
interface Tape {
  readonly state: { readonly gradientDepth: number };
  readonly runKernelFunc: (operation: {
    readonly forwardFunc: (backend: unknown, save: tf.GradSaveFunc) => tf.Tensor;
    readonly backwardsFunc: (
      dy: tf.Tensor,
      saved: Array<tf.Tensor>,
    ) => Record<string, () => tf.Tensor>;
    readonly inputs: Record<string, tf.Tensor>;
  }) => tf.Tensor;
}

const tape = () => tf.engine() as unknown as Tape;

/**
 * As `tf.customGrad`, with the gradient's intermediates released at once, and nothing computed for inputs that no
 * trained parameter is behind.
 *
 * tfjs would keep intermediates until the whole backward pass has ended, about as much memory again as all
 * else that a training step holds; and it would compute the gradients of frozen weights.
 *
 * Memory: as `tf.customGrad`: the caller owns the value; what is saved goes after the gradient.
 */
export function customGrad<T extends tf.Tensor>(
  define: Define<T>,
): (...inputs: ReadonlyArray<tf.Tensor>) => T {
  // Without a gradient to be asked for, tfjs need not be told how to compute it.
  if (tape().state.gradientDepth === 0)
    return (...inputs) => tf.tidy(() => define(...inputs, keepNothing).value);
  return (...inputs) => {
    let gradFunc: Defined<T>["gradFunc"];
    const value = tape().runKernelFunc({
      forwardFunc: (_, save) => {
        const defined = define(...inputs, save);
        gradFunc = defined.gradFunc;
        return defined.value;
      },
      backwardsFunc: (dy, saved) => {
        const given = tf.tidy(() => gradFunc(dy as T, saved) as tf.TensorContainer);
        const all = (Array.isArray(given) ? given : [given]) as ReadonlyArray<
          tf.Tensor | (() => tf.Tensor)
        >;
        return Object.fromEntries(
          all.map((gradient, input) => [
            input,
            typeof gradient === "function" ? () => tf.tidy(gradient) : () => gradient,
          ]),
        );
      },
      inputs: Object.fromEntries(inputs.map((input, index) => [index, input])),
    });
    return value as T;
  };
}

const keepNothing = () => {};
