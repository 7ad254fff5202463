/** Gradients of a scalar with respect to chosen parameters. Serves `stages`. */
import * as tf from "@tensorflow/tfjs-core";
import type { Parameters } from "./parameters.ts";

/** A loss value and the gradient for each parameter that takes part. */
export interface Gradients {
  readonly loss: number;
  readonly byName: ReadonlyMap<string, tf.Tensor>;
}

/**
 * Differentiates `loss` with respect to `parameters`; those that do not take part are left out.
 *
 * Memory: caller owns the gradient tensors; everything else is released.
 */
export function gradients(loss: () => tf.Scalar, parameters: Parameters): Gradients {
  const nameOf = new Map([...parameters].map(([name, variable]) => [variable.name, name]));
  const { value, grads } = tf.variableGrads(loss, [...parameters.values()]);
  const byName = new Map<string, tf.Tensor>();
  for (const [variableName, gradient] of Object.entries(grads)) {
    if (gradient !== undefined && gradient !== null)
      byName.set(nameOf.get(variableName)!, gradient);
  }
  const result = value.dataSync()[0]!;
  value.dispose();
  return { loss: result, byName };
}
