/** Puts native TensorFlow into the user's cache, for the CPU or the GPU, by the first way that works. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { InstallFailed } from "./command.mjs";
import { bindingKey, compiler } from "./compile.mjs";
import { fusedFile } from "./fused-kernels.mjs";
import { readManifest, TENSORFLOW, variantHome, writeAttempt, writeJson } from "./layout.mjs";
import { withLock } from "./lock.mjs";
import { installByPackage } from "./package-way.mjs";
import { fetchCpuLibrary, fetchDriver, fetchGpuLibrary, makeBinding, makeFused } from "./steps.mjs";

/**
 * Installs what this machine can use: the CUDA build where there is an NVIDIA GPU, else (or when that fails) the
 * processor build. Gives one line for the user; it never throws for a step that failed.
 */
export async function installEngine(say = () => {}) {
  const problems = [];
  for (const variant of hasNvidiaGpu() ? ["gpu", "cpu"] : ["cpu"]) {
    const outcome = await installVariant(variant, say);
    if (outcome.ok) return { ok: true, message: [...problems, outcome.message].join("; ") };
    problems.push(`tensorflow-${variant}: ${outcome.message}`);
  }
  return { ok: false, message: problems.join("; ") };
}

/** Installs one variant, or finds it installed; records the outcome for the engine to quote. */
async function installVariant(variant, say) {
  if (isCurrent(variant)) return { ok: true, message: `tensorflow-${variant} is in the cache` };
  const began = Date.now();
  try {
    await withLock(`${variantHome(variant)}.lock`, async () => {
      if (!isCurrent(variant)) await install(variant, say);
    });
    const seconds = Math.round((Date.now() - began) / 1000);
    const message = `tensorflow-${variant} installed in ${seconds} s`;
    return record(variant, { ok: true, message });
  } catch (error) {
    if (!(error instanceof InstallFailed) && error.code === undefined) throw error;
    return record(variant, { ok: false, message: error.message });
  }
}

/** A cache that cannot be written to is already what the outcome says. */
function record(variant, outcome) {
  try {
    writeAttempt(variant, outcome);
  } catch {}
  return outcome;
}

/** Whether the manifest is there, and binding and kernels were compiled from the sources and flags of this checkout. */
function isCurrent(variant) {
  const manifest = readManifest(variant);
  if (manifest === null) return false;
  return (
    manifest.way === "package" ||
    (manifest.key !== undefined &&
      manifest.key === bindingKey(manifest.javascript) &&
      fs.existsSync(fusedFile(manifest.home)))
  );
}

async function install(variant, say) {
  const home = variantHome(variant);
  fs.mkdirSync(home, { recursive: true });
  const { way, ...made } = await firstWay(variant, home, say);
  writeJson(path.join(home, "manifest.json"), {
    ...made,
    way,
    installedAt: new Date().toISOString(),
  });
}

async function firstWay(variant, home, say) {
  try {
    return { way: "wheel", ...(await installByWheel(variant, home, say)) };
  } catch (error) {
    if (variant === "gpu" || !(error instanceof InstallFailed)) throw error;
    say(`${error.message}; trying the package's own download`);
    try {
      return { way: "package", ...(await installByPackage(home)) };
    } catch (second) {
      throw new InstallFailed(`${error.message}; then ${second.message}`);
    }
  }
}

async function installByWheel(variant, home, say) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new InstallFailed(`no wheel for ${process.platform}-${process.arch}`);
  }
  if ((await compiler()) === undefined) {
    throw new InstallFailed("no C++ compiler (g++, c++ or clang++)");
  }
  await fetchDriver(home, say);
  const library = path.join(home, "library");
  await (variant === "gpu" ? fetchGpuLibrary(home, say) : fetchCpuLibrary(home, say));
  const inside = variant === "gpu" ? "tensorflow" : "lib";
  const include = path.join(library, variant === "gpu" ? "tensorflow/include" : "include");
  const binding = await makeBinding(home, path.join(library, inside), include, say);
  await makeFused(home, path.join(library, inside), include, say);
  return { binding, javascript: "javascript", key: path.dirname(binding), tensorflow: TENSORFLOW };
}

function hasNvidiaGpu() {
  try {
    const options = { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync("nvidia-smi", ["--list-gpus"], options).trim() !== "";
  } catch {
    return false;
  }
}
