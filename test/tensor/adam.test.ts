import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import type { NamedArray } from "../../src/core/named-array.ts";
import {
  type AdamOptions,
  type AdamState,
  disposeAdam,
  globalNorm,
  makeAdam,
  readAdam,
  restoreAdam,
  updateAdam,
} from "../../src/tensor/adam.ts";
import {
  disposeParameters,
  makeParameters,
  type Parameters,
  readParameters,
} from "../../src/tensor/parameters.ts";
import { expectAllClose } from "../support/allclose.ts";
import { onEngines } from "../support/engines.ts";
import { normal, upload } from "../support/gradient-check.ts";

const options: AdamOptions = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-6,
  weightDecay: 0.1,
  clipNorm: 2,
};
const start = new Map([
  ["weight", normal("weight", [3, 4])],
  ["gain", normal("gain", [4])],
]);

/** Gradients of step `t`; small at first and then above the clip. */
function gradientsAt(t: number): Map<string, NamedArray> {
  const scale = t < 3 ? 0.1 : 3;
  return new Map(
    [...start].map(([name, { shape }]) => [name, normal(`${name} ${t}`, shape, scale)]),
  );
}

const learningRateAt = (t: number) => 0.1 / t;

/** Algorithm 2 of Loshchilov & Hutter in double precision, bias corrections written out. */
function referenceSteps(steps: number): Map<string, ReadonlyArray<number>> {
  const theta = new Map([...start].map(([name, { data }]) => [name, Array.from(data)]));
  const m = new Map([...theta].map(([name, data]) => [name, data.map(() => 0)]));
  const v = new Map([...theta].map(([name, data]) => [name, data.map(() => 0)]));
  for (let t = 1; t <= steps; t++) {
    const gradients = gradientsAt(t);
    const all = [...gradients.values()].flatMap(({ data }) => [...data]);
    const norm = Math.sqrt(all.reduce((sum, value) => sum + value * value, 0));
    const clip = Math.min(1, options.clipNorm / norm);
    for (const [name, values] of theta) {
      const decay = start.get(name)!.shape.length > 1 ? options.weightDecay : 0;
      values.forEach((value, i) => {
        const gradient = gradients.get(name)!.data[i]! * clip;
        m.get(name)![i] = options.beta1 * m.get(name)![i]! + (1 - options.beta1) * gradient;
        v.get(name)![i] = options.beta2 * v.get(name)![i]! + (1 - options.beta2) * gradient ** 2;
        const mean = m.get(name)![i]! / (1 - options.beta1 ** t);
        const square = v.get(name)![i]! / (1 - options.beta2 ** t);
        const step = mean / (Math.sqrt(square) + options.epsilon) + decay * value;
        values[i] = value - learningRateAt(t) * step;
      });
    }
  }
  return theta;
}

/** Applies steps `from`…`to` to the parameters and gives the state after them. */
function takeSteps(parameters: Parameters, state: AdamState, from: number, to: number): AdamState {
  let next = state;
  for (let t = from; t <= to; t++) {
    const gradients = new Map([...gradientsAt(t)].map(([name, array]) => [name, upload(array)]));
    const norm = globalNorm(gradients);
    next = updateAdam(next, parameters, gradients, norm, learningRateAt(t), options);
    tf.dispose([...gradients.values()]);
  }
  return next;
}

onEngines(["tensorflow-cpu", "wasm"], () => {
  it("steps as AdamW does, clipping and correcting bias", () => {
    const parameters = makeParameters(start);
    const state = takeSteps(parameters, makeAdam(parameters), 1, 6);
    const reference = referenceSteps(6);
    for (const [name, { data }] of readParameters(parameters)) {
      expectAllClose(data, reference.get(name)!, 2e-5, name);
    }
    expect(state.updates).toBe(6);
    disposeAdam(state);
    disposeParameters(parameters);
  });

  it("has a first step of the learning rate in each direction, whatever the gradient's size", () => {
    const parameters = makeParameters(
      new Map([["gain", { shape: [3], data: new Float32Array(3) }]]),
    );
    const gradient = tf.tensor1d([1e-3, -0.5, 0.1]);
    const state = updateAdam(
      makeAdam(parameters),
      parameters,
      new Map([["gain", gradient]]),
      globalNorm(new Map([["gain", gradient]])),
      0.01,
      { ...options, epsilon: 1e-12 },
    );
    const moved = readParameters(parameters).get("gain")!.data;
    expectAllClose(moved, [-0.01, 0.01, -0.01], 1e-6);
    gradient.dispose();
    disposeAdam(state);
    disposeParameters(parameters);
  });

  it("decays matrices without gradient signal and leaves vectors alone", () => {
    const parameters = makeParameters(start);
    const zeros = new Map([...start].map(([name, { shape }]) => [name, tf.zeros([...shape])]));
    const state = updateAdam(makeAdam(parameters), parameters, zeros, 0, 0.5, options);
    const after = readParameters(parameters);
    const expected = start.get("weight")!.data.map((value) => value * (1 - 0.5 * 0.1));
    expectAllClose(after.get("weight")!.data, expected, 1e-6);
    expect(after.get("gain")!.data).toEqual(start.get("gain")!.data);
    tf.dispose([...zeros.values()]);
    disposeAdam(state);
    disposeParameters(parameters);
  });

  it("keeps parameters and moments that have no gradient bit for bit", () => {
    const parameters = makeParameters(start);
    const gradient = upload(normal("gradient", [4]));
    const only = new Map([["gain", gradient]]);
    const state = updateAdam(makeAdam(parameters), parameters, only, 1, 0.5, options);
    expect(readParameters(parameters).get("weight")!.data).toEqual(start.get("weight")!.data);
    expect(readAdam(state).get("mean.weight")!.data).toEqual(new Float32Array(12));
    expect(readParameters(parameters).get("gain")!.data).not.toEqual(start.get("gain")!.data);
    gradient.dispose();
    disposeAdam(state);
    disposeParameters(parameters);
  });

  it("goes on from a saved state bit for bit", () => {
    const whole = makeParameters(start);
    const wholeState = takeSteps(whole, makeAdam(whole), 1, 5);
    const first = makeParameters(start);
    const firstState = takeSteps(first, makeAdam(first), 1, 3);
    const saved = { parameters: readParameters(first), adam: readAdam(firstState) };
    disposeAdam(firstState);
    disposeParameters(first);
    const second = makeParameters(saved.parameters);
    const restored = restoreAdam(second, saved.adam, firstState.updates);
    expect(readAdam(restored)).toEqual(saved.adam);
    const secondState = takeSteps(second, restored, 4, 5);
    expect(readParameters(second)).toEqual(readParameters(whole));
    expect(readAdam(secondState)).toEqual(readAdam(wholeState));
    expect(secondState.updates).toBe(wholeState.updates);
    disposeAdam(wholeState);
    disposeAdam(secondState);
    disposeParameters(whole);
    disposeParameters(second);
  });

  it("measures all gradients together", () => {
    const gradients = new Map<string, tf.Tensor>([
      ["a", tf.tensor2d([[3, 0]])],
      ["b", tf.tensor1d([0, -4, 12])],
    ]);
    expect(globalNorm(gradients)).toBeCloseTo(13, 5);
    tf.dispose([...gradients.values()]);
  });
});
