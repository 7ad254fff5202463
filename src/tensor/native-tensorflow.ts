/** Loads native TensorFlow from the user's cache and registers it as tfjs backend "tensorflow". Tensor layer. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { fusedFile } from "./install/fused-kernels.mjs";
import type { Manifest, Variant } from "./install/layout.mjs";
import { readAttempt, readManifest, variantHome } from "./install/layout.mjs";
import { registerNativeFused } from "./native-fused.ts";
import { replaceMatMul } from "./native-kernels.ts";
import { type Turn, turnNatively } from "./turn.ts";

/** A loaded native library. */
export interface NativeTensorflow {
  readonly version: string;
  readonly path: string;
  /** Whether ops run on a GPU, as the library itself says. */
  readonly usesGpu: boolean;
}

interface Binding {
  readonly TF_Version: string;
  readonly isUsingGpuDevice: () => boolean;
}

const require = createRequire(import.meta.url);
let loaded: NativeTensorflow | undefined;

/** Why a variant cannot be loaded from the cache, or undefined when it is there. */
export function missingReason(variant: Variant): string | undefined {
  if (readManifest(variant) !== null) return undefined;
  const attempt = readAttempt(variant);
  const last = attempt && !attempt.ok ? `; last attempt ${attempt.at}: ${attempt.message}` : "";
  return `library not in the cache (${variantHome(variant)}): run \`npx rcpa engine install\`${last}`;
}

/**
 * Loads a variant (once per process) and registers the backend "tensorflow"; it does not select it.
 *
 * `hideGpu` keeps a CUDA build on the processor. Two builds cannot share a process, so whichever came first stays.
 * Fails: throws when the variant is not in the cache or the dynamic linker refuses it.
 */
export function loadNative(variant: Variant, hideGpu: boolean): NativeTensorflow {
  if (loaded !== undefined) return loaded;
  const manifest = readManifest(variant);
  if (manifest === null) throw new Error(missingReason(variant));
  setLibraryEnvironment(hideGpu);
  shimNodeUtil();
  const binding = quietly(manifest, () => require(manifest.binding) as Binding);
  registerBackend(manifest, binding);
  if (!binding.isUsingGpuDevice()) registerNativeFused(fusedNames(manifest));
  loaded = {
    version: `TensorFlow ${binding.TF_Version}`,
    path: manifest.home,
    usesGpu: binding.isUsingGpuDevice(),
  };
  return loaded;
}

/** The variable names are TensorFlow's own; it reads them once, while it loads, and a user's values win. */
function setLibraryEnvironment(hideGpu: boolean): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= "true";
  // A thread for each physical core: the cores that the system counts are mostly two to one of these,
  // and a small model's ops lose more to waiting for each other than they gain (docs/log.md).
  const threads = Math.max(1, Math.floor(os.availableParallelism() / 2));
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  if (hideGpu) process.env.CUDA_VISIBLE_DEVICES = "-1";
  // On a GPU sums are atomic and unordered unless asked otherwise; on the processor they repeat bit by bit.
  else process.env.TF_DETERMINISTIC_OPS ??= "1";
}

/** Keeps TensorFlow's start-up chatter off stderr unless the user asked for it; a prebuilt binding has no such module. */
function quietly<A>(manifest: Manifest, load: () => A): A {
  const file = path.join(path.dirname(manifest.binding), "quiet.node");
  const wanted = Number(process.env.TF_CPP_MIN_LOG_LEVEL) < 2;
  if (wanted || !existsSync(file)) return load();
  const quiet = require(file) as { readonly mute: () => void; readonly unmute: () => void };
  quiet.mute();
  try {
    return load();
  } finally {
    quiet.unmute();
  }
}

/** The fused kernels of this checkout that TensorFlow has taken; beside a prebuilt library there are none. */
function fusedNames(manifest: Manifest): ReadonlyArray<string> {
  const file = fusedFile(manifest.home);
  if (manifest.way === "package" || !existsSync(file)) return [];
  const kernels = require(file) as {
    readonly register: () => ReadonlyArray<string>;
    readonly turn: Turn;
  };
  turnNatively(kernels.turn);
  return kernels.register();
}

/** tfjs-node calls two functions of node:util that Node 23 removed. */
export function shimNodeUtil(): void {
  const util = require("node:util") as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/**
 * The cached package asks for "@tensorflow/tfjs"; a file beside it answers with this global, so that both it and
 * this project use one tfjs-core, whichever checkout loads it.
 */
function registerBackend(manifest: Manifest, binding: Binding): void {
  const shared = globalThis as unknown as Record<symbol, unknown>;
  shared[Symbol.for("rcpa.tfjs")] = require("@tensorflow/tfjs");
  require(path.join(manifest.javascript, "dist/register_all_kernels.js"));
  const { NodeJSKernelBackend } = require(
    path.join(manifest.javascript, "dist/nodejs_kernel_backend.js"),
  ) as { NodeJSKernelBackend: new (binding: Binding, packageName: string) => tf.KernelBackend };
  const name = "@tensorflow/tfjs-node-gpu";
  tf.registerBackend("tensorflow", () => new NodeJSKernelBackend(binding, name), 3);
  replaceMatMul();
}
