/**
 * Compiles the project's fused kernels for the cached TensorFlow library. Each version of their sources has a folder of
 * its own in the cache, since checkouts of different versions share it. Serves the installer and the engine loader.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { builder, libraryFiles } from "./compile.mjs";

// Named one by one, so that they are part of the code of every stage that computes.
const sources = [
  new URL("../fused/arithmetic.h", import.meta.url),
  new URL("../fused/attention.h", import.meta.url),
  new URL("../fused/kernels.cc", import.meta.url),
  new URL("../fused/layers.h", import.meta.url),
  new URL("../fused/operations.h", import.meta.url),
  new URL("../fused/turn.h", import.meta.url),
].map((url) => fileURLToPath(url));
const kernels = sources.find((file) => file.endsWith(".cc"));

const flags = [
  // Sums may be taken in any order, so that loops become vector instructions; not-a-number stays what it is.
  ...["-O3", "-fno-math-errno", "-fno-trapping-math", "-fassociative-math", "-fno-signed-zeros"],
  // Leaves out what TensorFlow's header wants of files that are not kept beside the library.
  "-DIS_SLIM_BUILD",
];

/** The compiled kernels of this checkout below the variant's home, whether they are there or not. */
export function fusedFile(home) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([flags, process.platform, process.arch]));
  for (const source of sources) hash.update(fs.readFileSync(source));
  return path.join(home, `fused-${hash.digest("hex").slice(0, 16)}`, "fused.node");
}

/** Compiles the kernels into the folder `into`. Fails: InstallFailed. */
export async function compileFused({ include, libraries, into, home }) {
  const build = await builder({ include, libraries, into, home });
  const shim = `-I${path.join(path.dirname(kernels), "shim")}`;
  const files = [kernels, ...libraryFiles(libraries)];
  await build("fused.node", files, [...flags, shim]);
}
