/** Parts of a pass whose intermediates are made again for the gradient, in place of being kept. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { mayLearn } from "../gradient.ts";

/** tfjs's own way to put an operation with several results on the tape, and to differentiate; its types hide both. */
interface Engine {
  readonly state: { activeTape: unknown };
  readonly runKernelFunc: (operation: {
    readonly forwardFunc: (backend: unknown, save: tf.GradSaveFunc) => Array<tf.Tensor>;
    readonly backwardsFunc: (
      dy: tf.Tensor | Array<tf.Tensor>,
      saved: Array<tf.Tensor>,
    ) => Record<string, () => tf.Tensor>;
    readonly inputs: Record<string, tf.Tensor>;
  }) => Array<tf.Tensor> | tf.Tensor;
  readonly gradients: (
    f: () => tf.Tensor,
    xs: ReadonlyArray<tf.Tensor>,
    dy: undefined,
    allowNoGradients: boolean,
  ) => { readonly value: tf.Tensor; readonly grads: ReadonlyArray<tf.Tensor | undefined> };
}

const engine = () => tf.engine() as unknown as Engine;

/**
 * `run(input)`; of what it makes nothing is kept but its result. The gradient runs it once more, and gives what the
 * gradient through it would have been, bit by bit.
 *
 * @param input tensors nested in plain objects and arrays: all that `run` reads besides `variables`
 * @param variables those that `run` reads by itself
 * @param run its result is tensors nested in plain objects and arrays, none of them one of `input`
 * Memory: caller owns the result; call inside a tidy, while a gradient is taped. Keeps `input` for the gradient.
 * Source: Chen et al. 1604.06174, sublinear memory cost.
 */
export function recomputed<Input extends object, Output extends object>(
  input: Input,
  variables: ReadonlyArray<tf.Variable>,
  run: (input: Input) => Output,
): Output {
  const given = tensorsIn(input);
  const learning = variables.filter(mayLearn);
  const flows = given.map(({ dtype }) => dtype === "float32");
  const inputs = [...given.filter((_, index) => flows[index]), ...learning];
  let output: Output;
  const made = engine().runKernelFunc({
    forwardFunc: (_, save) => {
      output = run(input);
      save(given);
      return tensorsIn(output);
    },
    backwardsFunc: (dy, saved) => {
      const slopes = [dy].flat();
      const xs = [...saved.filter((_, index) => flows[index]), ...learning];
      const grads = besideTape(() => {
        const along = () => {
          const again = tensorsIn(run(replaced(input, saved)));
          return tf.addN(again.map((one, index) => tf.sum(tf.mul(one, slopes[index]!))));
        };
        const { value, grads } = engine().gradients(along, xs, undefined, true);
        value.dispose();
        return grads;
      });
      return Object.fromEntries(
        xs.map((x, index) => [index, () => grads[index] ?? tf.zerosLike(x)]),
      );
    },
    inputs: Object.fromEntries(inputs.map((tensor, index) => [index, tensor])),
  });
  return replaced(output!, [made].flat());
}

/** A gradient within a gradient would take the outer tape for its own, and end it. */
function besideTape<A>(differentiate: () => A): A {
  const { state } = engine();
  const outer = state.activeTape;
  try {
    return differentiate();
  } finally {
    state.activeTape = outer;
  }
}

/** All tensors of a structure, in a fixed order. */
function tensorsIn(value: unknown): Array<tf.Tensor> {
  if (value instanceof tf.Tensor) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(tensorsIn);
}

/** The same structure with other tensors in their places. */
function replaced<A>(value: A, tensors: ReadonlyArray<tf.Tensor>): A {
  const left = [...tensors];
  const at = (one: unknown): unknown => {
    if (one instanceof tf.Tensor) return left.shift()!;
    if (typeof one !== "object" || one === null) return one;
    if (Array.isArray(one)) return one.map(at);
    return Object.fromEntries(Object.entries(one).map(([key, part]) => [key, at(part)]));
  };
  return at(value) as A;
}
