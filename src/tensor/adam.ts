/** AdamW with global-norm clipping. Serves `stages`. */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedArray } from "../core/named-array.ts";
import { hasFused, runFused } from "./fused.ts";
import type { Parameters } from "./parameters.ts";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled decay per step and learning rate; applied to matrices only, as is usual. */
  readonly weightDecay: number;
  /** Largest global gradient norm; larger gradients are scaled down to it. */
  readonly clipNorm: number;
}

/** First and second moments by parameter name, and the number of updates made. */
export interface AdamState {
  readonly moments: ReadonlyMap<
    string,
    { readonly mean: tf.Variable; readonly square: tf.Variable }
  >;
  readonly updates: number;
}

/** Zero moments for each parameter. Memory: caller owns the state; release with `disposeAdam`. */
export function makeAdam(parameters: Parameters): AdamState {
  const zeros = (shape: Array<number>) => tf.tidy(() => tf.variable(tf.zeros(shape)));
  const moments = new Map(
    [...parameters].map(([name, { shape }]) => [
      name,
      { mean: zeros(shape), square: zeros(shape) },
    ]),
  );
  return { moments, updates: 0 };
}

/** The Euclidean norm of all gradients together. */
export function globalNorm(gradients: ReadonlyMap<string, tf.Tensor>): number {
  return tf.tidy(() => {
    if (hasFused()) return Math.sqrt(fusedSquares([...gradients.values()]).dataSync()[0]!);
    const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
    return Math.sqrt(tf.addN(squares).dataSync()[0]!);
  });
}

/**
 * One AdamW update in place: `θ ← θ − η (m̂ / (√v̂ + ε) + λ θ)`, gradients clipped to a global norm.
 *
 * Parameters without a gradient keep their value and moments.
 *
 * @param norm the gradients' global norm, as `globalNorm` gives it
 * @param learningRate η
 * @returns the next state; it shares the moment variables with the given one
 * Memory: releases nothing but its intermediates; the caller disposes of the gradients.
 * Source: Loshchilov & Hutter, Decoupled Weight Decay Regularization, algorithm 2.
 */
export function updateAdam(
  state: AdamState,
  parameters: Parameters,
  gradients: ReadonlyMap<string, tf.Tensor>,
  norm: number,
  learningRate: number,
  options: AdamOptions,
): AdamState {
  const updates = state.updates + 1;
  const clip = norm > options.clipNorm ? options.clipNorm / norm : 1;
  // Both bias corrections fold into the step size and ε, so moments stay uncorrected on the device.
  const correction = Math.sqrt(1 - options.beta2 ** updates);
  const stepSize = (learningRate * correction) / (1 - options.beta1 ** updates);
  if (hasFused()) {
    const shared = [options.beta1, (1 - options.beta1) * clip];
    const energy = [options.beta2, (1 - options.beta2) * clip * clip];
    const step = [stepSize, options.epsilon * correction];
    const decay = 1 - learningRate * options.weightDecay;
    applyFused(state, parameters, gradients, [...shared, ...energy, ...step], decay);
    return { moments: state.moments, updates };
  }
  tf.tidy(() => {
    const constants = {
      beta1: tf.scalar(options.beta1),
      gain1: tf.scalar((1 - options.beta1) * clip),
      beta2: tf.scalar(options.beta2),
      gain2: tf.scalar((1 - options.beta2) * clip * clip),
      step: tf.scalar(stepSize),
      epsilon: tf.scalar(options.epsilon * correction),
      keep: tf.scalar(1 - learningRate * options.weightDecay),
    };
    for (const [name, gradient] of gradients) {
      const variable = parameters.get(name)!;
      const { mean, square } = state.moments.get(name)!;
      tf.tidy(() => {
        mean.assign(tf.add(tf.mul(mean, constants.beta1), tf.mul(gradient, constants.gain1)));
        const energy = tf.mul(tf.square(gradient), constants.gain2);
        square.assign(tf.add(tf.mul(square, constants.beta2), energy));
        const scaled = tf.div(mean, tf.add(tf.sqrt(square), constants.epsilon));
        const decayed =
          options.weightDecay > 0 && variable.rank > 1
            ? tf.mul(variable, constants.keep)
            : variable;
        variable.assign(tf.sub(decayed, tf.mul(scaled, constants.step)));
      });
    }
  });
  return { moments: state.moments, updates };
}

const fusedSquares = (gradients: ReadonlyArray<tf.Tensor>) =>
  runFused("RcpaSquareSum", gradients, squaresOf(gradients.length))[0]!;

const squaresAttributes = new Map<
  number,
  { readonly integers: Readonly<Record<string, number>> }
>();

function squaresOf(count: number) {
  const found = squaresAttributes.get(count) ?? { integers: { N: count } };
  squaresAttributes.set(count, found);
  return found;
}

/** One kernel for each parameter; `keep` is what decay leaves of a matrix. */
function applyFused(
  { moments }: AdamState,
  parameters: Parameters,
  gradients: ReadonlyMap<string, tf.Tensor>,
  constants: ReadonlyArray<number>,
  keep: number,
): void {
  tf.tidy(() => {
    const plain = tf.tensor1d([...constants, 1], "float32");
    const decaying = keep === 1 ? plain : tf.tensor1d([...constants, keep], "float32");
    for (const [name, gradient] of gradients) {
      const variable = parameters.get(name)!;
      const { mean, square } = moments.get(name)!;
      const own = variable.rank > 1 ? decaying : plain;
      const made = runFused("RcpaAdam", [variable, mean, square, gradient, own]);
      for (const [index, old] of [variable, mean, square].entries()) old.assign(made[index]!);
    }
  });
}

/** The state as arrays for a checkpoint: `mean.<name>`, `square.<name>`. */
export function readAdam(state: AdamState): Map<string, NamedArray> {
  const arrays = new Map<string, NamedArray>();
  for (const [name, { mean, square }] of state.moments) {
    arrays.set(`mean.${name}`, { shape: mean.shape, data: Float32Array.from(mean.dataSync()) });
    arrays.set(`square.${name}`, {
      shape: square.shape,
      data: Float32Array.from(square.dataSync()),
    });
  }
  return arrays;
}

/** Restores a state that `readAdam` gave, for the same parameters. */
export function restoreAdam(
  parameters: Parameters,
  arrays: ReadonlyMap<string, NamedArray>,
  updates: number,
): AdamState {
  const state = makeAdam(parameters);
  for (const [name, { mean, square }] of state.moments) {
    for (const [variable, key] of [
      [mean, `mean.${name}`],
      [square, `square.${name}`],
    ] as const) {
      tf.tidy(() => variable.assign(tf.tensor(arrays.get(key)!.data, variable.shape)));
    }
  }
  return { moments: state.moments, updates };
}

/** Releases the moments. */
export function disposeAdam(state: AdamState): void {
  for (const { mean, square } of state.moments.values()) {
    mean.dispose();
    square.dispose();
  }
}
