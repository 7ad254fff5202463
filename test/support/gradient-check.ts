/** Holds a custom gradient against autodiff of the plain composition and against finite differences. */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedArray } from "../../src/core/named-array.ts";
import { stream } from "../../src/core/seed.ts";
import { expectAllClose } from "./allclose.ts";
import { finiteDifference } from "./finite-difference.ts";

/** A function of tensors; `inputs` it may not use are not allowed. */
export type Op = (...inputs: Array<tf.Tensor>) => tf.Tensor;

export interface GradientCase {
  /** The op under test. */
  readonly op: Op;
  /** The same mathematics in plain tfjs ops, without custom gradients. */
  readonly plain: Op;
  readonly inputs: ReadonlyArray<NamedArray>;
}

const AGAINST_PLAIN = 2e-5;
const AGAINST_DIFFERENCES = 5e-4;

/** Standard-normal values of a shape. */
export function normal(path: string, shape: ReadonlyArray<number>, scale = 1): NamedArray {
  const random = stream(7, path);
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: Float32Array.from({ length: size }, () => scale * random.normal()) };
}

/** An array as a tensor that shares no memory with it. */
export function upload({ shape, data }: NamedArray): tf.Tensor {
  return tf.tensor(Float32Array.from(data), [...shape], "float32");
}

/** The values that `make` gives; its tensors are released. */
export function values(make: () => tf.Tensor): Float32Array {
  const result = tf.tidy(make);
  const data = Float32Array.from(result.dataSync<"float32">());
  result.dispose();
  return data;
}

/** Asserts that value and gradients of `op` are those of `plain` and of finite differences. */
export function expectGradients({ op, plain, inputs }: GradientCase): void {
  const evaluate = (f: Op, arrays: ReadonlyArray<NamedArray>) =>
    values(() => f(...arrays.map(upload)));
  const value = evaluate(op, inputs);
  expectAllClose(value, evaluate(plain, inputs), AGAINST_PLAIN, "value");
  const projection = normal("projection", [value.length]).data;
  const own = gradientsOf(op, inputs, projection);
  const automatic = gradientsOf(plain, inputs, projection);
  inputs.forEach((input, index) => {
    const numeric = finiteDifference((data) => {
      const moved = inputs.map((other, at) => (at === index ? { ...input, data } : other));
      return dot(evaluate(op, moved), projection);
    }, input.data);
    expectAllClose(own[index]!, automatic[index]!, AGAINST_PLAIN, `gradient ${index}, autodiff`);
    expectAllClose(own[index]!, numeric, AGAINST_DIFFERENCES, `gradient ${index}, differences`);
  });
}

/** Gradients of `Σ projection · f(inputs)`, an array for each input. */
function gradientsOf(
  f: Op,
  inputs: ReadonlyArray<NamedArray>,
  projection: Float32Array,
): Array<Float32Array> {
  const tensors = inputs.map(upload);
  const projected = (...args: Array<tf.Tensor>) =>
    tf.sum(tf.mul(tf.reshape(f(...args), [-1]), tf.tensor1d(Float32Array.from(projection))));
  const gradients = tf.grads(projected)(tensors);
  const data = gradients.map((gradient) => Float32Array.from(gradient.dataSync<"float32">()));
  tf.dispose([...tensors, ...gradients]);
  return data;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}
