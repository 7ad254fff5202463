/** Gradients of a scalar with respect to chosen parameters. Serves `stages`. */
import * as tf from "@tensorflow/tfjs-core";
import type { Parameters } from "./parameters.ts";

/** Ids of the variables that gradients are being taken of; undefined outside of that. */
let learning: ReadonlySet<number> | undefined;

/** Whether layers are to be computed again for the gradients that are being taken. */
let recomputing = false;

/** Whether a pass is to keep as little as it can for its gradient. */
export const keepsLittle = (): boolean => recomputing;

/** Whether a gradient of this very variable may be asked for; of other tensors that is not known. */
export const mayLearn = (tensor: tf.Tensor): boolean =>
  learning === undefined || !(tensor instanceof tf.Variable) || learning.has(tensor.id);

/**
 * Runs `make` beside the tape: nothing in it is kept for a gradient, and none goes through.
 *
 * For what no trained parameter is behind; tfjs finds that out when all has been kept already.
 */
export function offTape<A>(make: () => A): A {
  const { state } = tf.engine() as unknown as { readonly state: { kernelDepth: number } };
  state.kernelDepth += 1;
  try {
    return make();
  } finally {
    state.kernelDepth -= 1;
  }
}

/** A loss value and the gradient for each parameter that takes part. */
export interface Gradients {
  readonly loss: number;
  readonly byName: ReadonlyMap<string, tf.Tensor>;
}

/**
 * Differentiates `loss` with respect to `parameters`; those that do not take part are left out.
 *
 * @param recompute layers are computed again in the backward pass: less memory, more time, the same gradients
 *
 * Memory: caller owns the gradient tensors; everything else is released, also when `loss` throws.
 */
export function gradients(
  loss: () => tf.Scalar,
  parameters: Parameters,
  recompute = false,
): Gradients {
  const nameOf = new Map([...parameters].map(([name, variable]) => [variable.name, name]));
  const before = [learning, recomputing] as const;
  learning = new Set([...parameters.values()].map(({ id }) => id));
  recomputing = recompute;
  let taken: ReturnType<typeof tf.variableGrads>;
  try {
    taken = clearingTape(() => tf.variableGrads(loss, [...parameters.values()]));
  } finally {
    [learning, recomputing] = before;
  }
  const { value, grads } = taken;
  const byName = new Map<string, tf.Tensor>();
  for (const [variableName, gradient] of Object.entries(grads)) {
    if (gradient !== undefined && gradient !== null)
      byName.set(nameOf.get(variableName)!, gradient);
  }
  const result = value.dataSync()[0]!;
  value.dispose();
  return { loss: result, byName };
}

/** tfjs keeps what a forward pass saves for the backward one until that has run; a throw between leaves it all behind. */
function clearingTape<A>(differentiate: () => A): A {
  try {
    return differentiate();
  } catch (error) {
    const { state } = tf.engine() as unknown as { readonly state: TapeState };
    if (state.gradientDepth === 0) {
      for (const { saved } of state.activeTape ?? []) for (const one of saved ?? []) one.dispose();
      state.activeTape = null;
    }
    throw error;
  }
}

interface TapeState {
  readonly gradientDepth: number;
  activeTape: ReadonlyArray<{ readonly saved?: ReadonlyArray<tf.Tensor> }> | null;
}
