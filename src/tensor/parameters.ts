/** A model's trainable tensors by name, and their plain-array form on disk. Serves `models` and `stages`. */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedArray } from "../core/named-array.ts";

/** Tensors by name, in a fixed order. */
export type Parameters = ReadonlyMap<string, tf.Variable>;

/**
 * Makes variables of arrays, one after the other.
 *
 * Memory: caller owns the variables; release them with `disposeParameters`. The arrays are taken over: TensorFlow may
 * share their memory, so nobody is to write to them any more.
 */
export function makeParameters(
  arrays: Iterable<readonly [name: string, array: NamedArray]>,
): Parameters {
  const parameters = new Map<string, tf.Variable>();
  for (const [name, { shape, data }] of arrays) {
    const value = tf.tensor(data, [...shape], "float32");
    parameters.set(name, tf.variable(value));
    value.dispose();
  }
  return parameters;
}

/** Reads parameters back to the host; the arrays are copies. */
export function readParameters(parameters: Parameters): Map<string, NamedArray> {
  const arrays = new Map<string, NamedArray>();
  for (const [name, variable] of parameters) {
    arrays.set(name, { shape: variable.shape, data: Float32Array.from(variable.dataSync()) });
  }
  return arrays;
}

/** Releases every variable. */
export function disposeParameters(parameters: Parameters): void {
  for (const variable of parameters.values()) variable.dispose();
}

/** Number of scalars in all parameters. */
export function countParameters(parameters: Parameters): number {
  return [...parameters.values()].reduce((sum, variable) => sum + variable.size, 0);
}
