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

/**
 * Makes the WebAssembly backend throw when its heap, at most 4 GiB, cannot grow.
 *
 * By itself it takes address 0 for a place to write to, which spoils its heap; after the throw it
 * goes on as before. Call it once the backend has started.
 */
export function guardWasmMemory(): void {
  const { wasm } = tf.backend() as unknown as { wasm: { _malloc: (bytes: number) => number } };
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) {
      throw new RangeError(`wasm out of memory: ${bytes} bytes were asked for`);
    }
    return address;
  };
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
