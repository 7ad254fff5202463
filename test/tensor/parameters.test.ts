import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import {
  countParameters,
  disposeParameters,
  makeParameters,
  readParameters,
} from "../../src/tensor/parameters.ts";
import { onEngines } from "../support/engines.ts";
import { normal } from "../support/gradient-check.ts";

const arrays = () =>
  new Map([
    ["a", normal("a", [2, 3])],
    ["b", normal("b", [4])],
  ]);

onEngines(["tensorflow-cpu", "wasm"], () => {
  it("brings arrays to the device and back bit for bit, in order", () => {
    const parameters = makeParameters(arrays());
    expect([...readParameters(parameters)]).toEqual([...arrays()]);
    expect(countParameters(parameters)).toBe(10);
    disposeParameters(parameters);
  });

  it("reads copies", () => {
    const parameters = makeParameters(arrays());
    const read = readParameters(parameters);
    tf.tidy(() => parameters.get("b")!.assign(tf.zeros([4])));
    expect(read).toEqual(arrays());
    disposeParameters(parameters);
  });
});
