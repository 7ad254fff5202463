/** Chooses and starts the tensor engine of a process, and says why it is the one. Tensor layer. */

import os from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import type { Device } from "./device.ts";
import { nvidiaGpu, processor } from "./device.ts";
import { hasFused } from "./fused.ts";
import { loadNative, missingReason } from "./native-tensorflow.ts";
import { guardWasmMemory, loadCpu, loadWasm } from "./portable.ts";
import { registerWasmFused } from "./wasm-fused.ts";

/** The engines, best first; `auto` takes the first that can be had. */
export const engineNames = ["tensorflow-gpu", "tensorflow-cpu", "wasm", "cpu"] as const;

/** The name of an engine. */
export type EngineName = (typeof engineNames)[number];

/** A better engine that was not taken, and why. */
export interface PassedOver {
  readonly name: EngineName;
  readonly reason: string;
}

/** The started engine: what it is and what it runs on; memory is the device's, in GiB, at start. */
export interface EngineInfo {
  readonly name: EngineName;
  /** The tfjs package that drives it. */
  readonly library: string;
  /** The version of the code that computes. */
  readonly version: string;
  readonly device: string;
  readonly threads: number;
  readonly memoryGiB: number;
  readonly freeMemoryGiB: number;
  /** Whether the fused kernels are there; absent for engines that cannot have them. */
  readonly fused?: boolean;
  /** Where the native library lies; absent for portable engines. */
  readonly path?: string;
  readonly passedOver: ReadonlyArray<PassedOver>;
}

/** A requested engine cannot be had. */
export class EngineUnavailable extends Schema.TaggedError<EngineUnavailable>()(
  "EngineUnavailable",
  { engine: Schema.String, reason: Schema.String, hint: Schema.String },
) {
  override get message(): string {
    return `engine "${this.engine}" cannot be had: ${this.reason}. ${this.hint}`;
  }
}

type Started = Omit<EngineInfo, "passedOver">;

/** The engine of this process, started. */
export class Engine extends Context.Service<Engine, EngineInfo>()("rcpa/tensor/Engine") {}

/** Provides `Engine`. Fails: EngineUnavailable. */
export const layer = (request: string): Layer.Layer<Engine, EngineUnavailable> =>
  Layer.effect(Engine, start(request));

/**
 * Starts the named engine, or for "auto" the best that can be had, and makes it tfjs's backend.
 *
 * The engine is checked after its start: tfjs's own report of the backend, and a product of known value.
 * Fails: EngineUnavailable when the name is unknown or the named engine cannot be had.
 */
export const start = Effect.fn("Engine.start")(function* (request: string) {
  if (request === "auto") return yield* startBest();
  const name = engineNames.find((known) => known === request);
  if (name === undefined) return yield* unknownEngine(request);
  return { ...(yield* startNamed(name)), passedOver: [] } satisfies EngineInfo as EngineInfo;
});

const startBest = Effect.fnUntraced(function* () {
  const passedOver: Array<PassedOver> = [];
  for (const name of engineNames) {
    const result = yield* Effect.result(startNamed(name));
    if (result._tag === "Success") return { ...result.success, passedOver } as EngineInfo;
    passedOver.push({ name, reason: result.failure.reason });
  }
  const reason = passedOver.map((one) => `${one.name}: ${one.reason}`).join("; ");
  return yield* new EngineUnavailable({ engine: "auto", reason, hint: hintFor("cpu") });
});

function unknownEngine(engine: string): EngineUnavailable {
  const hint = `Engines: auto, ${engineNames.join(", ")}.`;
  return new EngineUnavailable({ engine, reason: "there is no engine of this name", hint });
}

function startNamed(name: EngineName): Effect.Effect<Started, EngineUnavailable> {
  return Effect.tryPromise({
    try: () => starters[name](),
    catch: (cause) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new EngineUnavailable({ engine: name, reason, hint: hintFor(name) });
    },
  });
}

function hintFor(name: EngineName): string {
  if (name === "tensorflow-gpu" || name === "tensorflow-cpu") {
    return "`npx rcpa engine` shows what there is; `--engine auto` takes the best.";
  }
  return "Run `npm install` again; `--engine auto` takes the best that is there.";
}

const starters: { readonly [name in EngineName]: () => Promise<Started> } = {
  "tensorflow-gpu": async () => {
    const gpu = nvidiaGpu();
    if ("reason" in gpu) throw new Error(gpu.reason);
    const native = loadOrExplain("gpu", false);
    if (!native.usesGpu) {
      throw new Error(`TensorFlow is loaded (${native.path}) but does not use the GPU ${gpu.name}`);
    }
    await select("tensorflow");
    return describe("tensorflow-gpu", nativeLibrary, native.version, gpu, native.path);
  },
  "tensorflow-cpu": async () => {
    const variant = missingReason("cpu") !== undefined && !missingReason("gpu") ? "gpu" : "cpu";
    const native = loadOrExplain(variant, true);
    if (native.usesGpu) throw new Error("this process already runs TensorFlow on the GPU");
    await select("tensorflow");
    const info = describe(
      "tensorflow-cpu",
      nativeLibrary,
      native.version,
      processor(),
      native.path,
    );
    return { ...info, fused: hasFused() };
  },
  wasm: async () => {
    const version = loadWasm();
    await select("wasm");
    guardWasmMemory();
    registerWasmFused();
    const info = describe("wasm", "@tensorflow/tfjs-backend-wasm", version, processor());
    return { ...info, fused: hasFused() };
  },
  cpu: async () => {
    const version = loadCpu();
    await select("cpu");
    return describe("cpu", "@tensorflow/tfjs-backend-cpu", version, processor());
  },
};

const nativeLibrary = "@tensorflow/tfjs-node-gpu";

function loadOrExplain(variant: "cpu" | "gpu", hideGpu: boolean) {
  const missing = missingReason(variant);
  if (missing !== undefined) throw new Error(missing);
  return loadNative(variant, hideGpu);
}

function describe(
  name: EngineName,
  library: string,
  version: string,
  device: Device,
  path?: string,
): Started {
  const threads = name.startsWith("tensorflow") ? nativeThreads() : 1;
  return {
    name,
    library,
    version,
    device: device.name,
    threads,
    memoryGiB: device.totalGiB,
    freeMemoryGiB: device.freeGiB,
    ...(path === undefined ? {} : { path }),
  };
}

/** TensorFlow takes every core unless its own variable says otherwise. */
function nativeThreads(): number {
  return Number(process.env.TF_NUM_INTRAOP_THREADS) || os.availableParallelism();
}

/** Makes a registered backend tfjs's own; setBackend alone can fail silently and leave another one in place. */
async function select(backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs could not start backend ${backend}`);
  await tf.ready();
  if (tf.getBackend() !== backend) {
    throw new Error(`tfjs runs on ${tf.getBackend()} although ${backend} was selected`);
  }
  const product = tf.tidy(() =>
    tf.matMul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.tensor2d([1, 0, -1, 2, 0.5, 3], [3, 2])),
  );
  const values = await product.data();
  product.dispose();
  const right = [0.5, 13, 2, 28];
  if (!right.every((value, index) => Math.abs(value - values[index]!) < 1e-2)) {
    throw new Error(`backend ${backend} computes a wrong product: ${[...values].join(", ")}`);
  }
}
