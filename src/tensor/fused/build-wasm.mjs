/**
 * Compiles the fused kernels to WebAssembly, `fused.wasm` beside this file: it is kept in the repository, so that users
 * need no compiler for it.
 *
 *   PYTHON=VENV/bin/python node src/tensor/fused/build-wasm.mjs
 *
 * VENV has ziglang 0.17.1 from PyPI, which brings clang and its linker. The file ends with a section "rcpa.sources", the
 * hash of what it was made of, which a test compares.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { sourcesHash } from "./wasm-sources.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON ?? "python3";
const zig = (...argv) => execFileSync(python, ["-m", "ziglang", ...argv], { stdio: "inherit" });

// What every Node from 20 on can run, vectors included.
const machine = "mvp+simd128+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals";
const flags = [
  ...["-target", "wasm32-wasi", `-mcpu=${machine}`, "-std=c++17", "-O3", "-g0"],
  // It comes without a library of its own, and goes to any place in memory.
  ...["-fPIC", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti"],
  ...["-fno-threadsafe-statics", "-fno-c++-static-destructors"],
  // As in install/fused-kernels.mjs: sums may be taken in any order.
  ...["-fno-math-errno", "-fno-trapping-math", "-fassociative-math", "-fno-signed-zeros"],
];

const folder = mkdtempSync(path.join(tmpdir(), "rcpa-wasm-"));
try {
  const [object, linked] = ["kernels.o", "kernels.wasm"].map((name) => path.join(folder, name));
  zig("c++", ...flags, "-c", path.join(here, "wasm.cc"), "-o", object);
  const place = ["-shared", "--experimental-pic", "--no-entry", "--allow-undefined", "--strip-all"];
  zig("wasm-ld", ...place, object, "-o", linked);
  const name = Buffer.from("rcpa.sources");
  const body = Buffer.concat([Buffer.from([name.length]), name, Buffer.from(sourcesHash())]);
  if (body.length > 127) throw new Error("the section's length takes one byte");
  const section = Buffer.concat([Buffer.from([0, body.length]), body]);
  writeFileSync(path.join(here, "fused.wasm"), Buffer.concat([readFileSync(linked), section]));
} finally {
  rmSync(folder, { recursive: true });
}
