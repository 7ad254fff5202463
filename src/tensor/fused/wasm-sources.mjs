/** What `fused.wasm` is made of. Serves `build-wasm.mjs` and its test. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const sources = [
  "arithmetic.h",
  "attention.h",
  "layers.h",
  "operations.h",
  "wasm.cc",
  "build-wasm.mjs",
];

/** SHA-256 of all sources, in hexadecimal. */
export function sourcesHash() {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(new URL(source, import.meta.url)));
  return hash.digest("hex");
}
