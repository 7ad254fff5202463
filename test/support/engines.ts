/** Runs a suite on each engine in turn and watches for leaked tensors. Used by tensor and model tests. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { type EngineName, engineNames } from "../../src/tensor/engine.ts";
import { readManifest } from "../../src/tensor/install/layout.mjs";
import { startEngine } from "./engine.ts";

/**
 * Declares the suite once for each of `engines`, on that engine; every test must leave as many
 * tensors as it found.
 *
 * RCPA_TEST_ENGINE narrows the engines to one. Native TensorFlow is skipped where it is not installed.
 */
export function onEngines(engines: ReadonlyArray<EngineName>, suite: () => void): void {
  const only = process.env.RCPA_TEST_ENGINE;
  const chosen = only === undefined ? engines : engineNames.filter((name) => name === only);
  if (chosen.length === 0) throw new Error(`RCPA_TEST_ENGINE: no engine "${only}"`);
  for (const name of chosen) {
    const missing = name === "tensorflow-cpu" && readManifest("cpu") === null;
    describe.skipIf(missing)(`on ${name}`, () => {
      let tensors = 0;
      beforeAll(async () => {
        await startEngine(name);
      });
      beforeEach(() => {
        tensors = tf.memory().numTensors;
      });
      afterEach(() => {
        expect(tf.memory().numTensors, "tensors left behind").toBe(tensors);
      });
      suite();
    });
  }
}

/** The engines that a custom gradient is tested on. */
export const everyEngine: ReadonlyArray<EngineName> = ["tensorflow-cpu", "wasm", "cpu"];
