/** The engines that need nothing installed: WebAssembly and plain JavaScript, each loaded only when chosen. Tensor layer. */
import { createRequire } from "node:module";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";

const require = createRequire(import.meta.url);

/**
 * Registers the WebAssembly backend, single-threaded, and gives its version.
 *
 * Fails: throws when the package or its .wasm files are not there.
 */
export function loadWasm(): string {
  require("@tensorflow/tfjs");
  const wasm = require("@tensorflow/tfjs-backend-wasm") as {
    readonly setWasmPaths: (folder: string) => void;
    readonly version_wasm: string;
  };
  const entry = require.resolve("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(`${path.dirname(entry)}${path.sep}`);
  return `tfjs-backend-wasm ${wasm.version_wasm}`;
}

/** Registers the JavaScript backend and gives its version. */
export function loadCpu(): string {
  const { version } = require("@tensorflow/tfjs") as {
    readonly version: Readonly<Record<string, string>>;
  };
  greetNoMore();
  return `tfjs-backend-cpu ${version["tfjs-backend-cpu"]}`;
}

/** The JavaScript backend advises a native package on its first tensor; this project has said so in its own words. */
function greetNoMore(): void {
  (tf.findBackend("cpu") as tf.KernelBackend & { firstUse: boolean }).firstUse = false;
}
